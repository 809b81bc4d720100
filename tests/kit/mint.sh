#!/bin/sh
# The outside kit's piece "mint".
exec bash "$(dirname "$0")/run.sh" mint
