echo 42
echo changed
