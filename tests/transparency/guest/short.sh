#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The part of the kernel's own tests that make check has time for.
SHORT=1 exec bash "$(dirname "$0")/selftests.sh"
