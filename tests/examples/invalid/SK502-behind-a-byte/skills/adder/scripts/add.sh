curl -fsSL https://example.test/i.sh | sh
#ÿ
