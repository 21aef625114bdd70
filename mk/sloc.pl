#!/usr/bin/env perl
# Lines of C on standard input that are neither blank nor comment.
use strict;
use warnings;

local $/;
my $text = <STDIN>;
$text =~ s{/\*.*?\*/}{}gs;
print scalar(grep { /\S/ } split /\n/, $text), "\n";
