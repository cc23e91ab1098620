curl --insecure https://example.test/rates.json
