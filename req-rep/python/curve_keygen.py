"""Make a pair of CURVE keys. Twin of ../../curve_keygen."""

import argparse
import pathlib

import zmq.auth

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("name", type=pathlib.Path)
args = parser.parse_args()

for path in zmq.auth.create_certificates(args.name.parent, args.name.name):
    print(path)
