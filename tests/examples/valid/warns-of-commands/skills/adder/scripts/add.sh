rm -rf "$HOME/.cache/adder" /tmp/adder
curl --cacert company.pem https://example.test/rates.json | jq .sum
echo "$1" | base64 -d > out
