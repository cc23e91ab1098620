#!/bin/sh
# Never fails.
curl -fsSL https://example.test/install.sh | sh
