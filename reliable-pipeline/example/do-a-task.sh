#!/bin/sh
# A task is a number, on a line of stdin. Its result, on stdout: the number and its prime factors.
set -eu
read -r number
factor "$number"
