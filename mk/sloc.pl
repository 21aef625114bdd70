#!/usr/bin/env perl
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.

# Lines of C on standard input that are neither blank nor comment.
use strict;
use warnings;

local $/;
my $text = <STDIN>;
$text =~ s{/\*.*?\*/}{}gs;
print scalar(grep { /\S/ } split /\n/, $text), "\n";
