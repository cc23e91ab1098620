# ä
echo 1
