#!/bin/sh
# The outside kit's piece "tamper".
exec bash "$(dirname "$0")/run.sh" tamper
