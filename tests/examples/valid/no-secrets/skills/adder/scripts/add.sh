password = "${ODOO_PASSWORD}"
token: "<your token>"
secret = "the word that opens"
AKIAIOSFODNN7EXAMPLE
-----BEGIN PRIVATE KEY-----
postgres://postgres:${PASSWORD}@localhost/erp
sk-skeleton-loader-example-class
