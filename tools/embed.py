#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turn a text into a C array: a JSON file without its blanks, any other as it is.

usage: embed.py INPUT OUTPUT.c NAME      defines `const char NAME[]` and `const size_t NAME_len`
"""
import json
import sys

source, target, name = sys.argv[1:4]
with open(source, encoding='utf-8') as file:
    text = json.dumps(json.load(file), separators=(',', ':')) if source.endswith('.json') else file.read()
text = text.encode()
with open(target, 'w', encoding='ascii') as out:
    out.write('#include <stddef.h>\n')
    out.write(f'extern const char {name}[];\nextern const size_t {name}_len;\n')
    out.write(f'const size_t {name}_len = {len(text)};\nconst char {name}[] = {{\n')
    for start in range(0, len(text), 20):
        out.write('\t' + ','.join(str(byte) for byte in text[start:start + 20]) + ',\n')
    out.write('\t0,\n};\n')
