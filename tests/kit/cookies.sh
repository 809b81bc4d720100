#!/bin/sh
# The outside kit's piece "cookies".
exec bash "$(dirname "$0")/run.sh" cookies
