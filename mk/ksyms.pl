#!/usr/bin/env perl
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.

# The symbol table for backtraces, as C, from a link map of ld.lld on standard
# input; nothing there makes an empty table.
use strict;
use warnings;
no warnings "portable";	# addresses of 64 bits

my (%at, $base, $end);
while (<STDIN>) {
	next unless /^\s*([0-9a-f]+)\s+[0-9a-f]+\s+[0-9a-f]+\s+\d+\s+(\S+)(.*)$/;
	my ($va, $name, $rest) = (hex $1, $2, $3);
	$base = $va if $name eq 'kernel_text';
	$end = $va if $name eq 'kernel_etext';
	next if $rest ne '' || $name !~ /^[A-Za-z_][\w.]*$/;
	$at{$va} = $name unless exists $at{$va};
}
my (@addr, @off);
my $names = '';
if (defined $base && defined $end) {
	for my $va (sort { $a <=> $b } keys %at) {
		next if $va < $base || $va >= $end || $at{$va} eq 'kernel_text';
		push @addr, $va - $base;
		push @off, length $names;
		$names .= "$at{$va}\0";
	}
}
my $n = @addr;
push @addr, 0 unless $n;
push @off, 0 unless $n;
my $ro = '__attribute__((__section__(".ksyms"), __used__))';
print "/* Made by mk/ksyms.pl; do not edit. */\n#include <stdint.h>\n";
print "extern const uint32_t ksyms_count, ksyms_addr[], ksyms_name[];\n";
print "extern const char ksyms_names[];\n";
print "$ro const uint32_t ksyms_count = $n;\n";
print "$ro const uint32_t ksyms_addr[] = { ", join(', ', @addr), " };\n";
print "$ro const uint32_t ksyms_name[] = { ", join(', ', @off), " };\n";
print "$ro const char ksyms_names[] =\n";
print map { "\"$_\\0\"\n" } split /\0/, $names;
print "\"\";\n";
