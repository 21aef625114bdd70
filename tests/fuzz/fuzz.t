#!/usr/bin/perl
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.

# The readers of firmware's tables under libFuzzer and its sanitizers: the
# seeds, and then RUNS inputs made from them, the same ones every time; or
# SECONDS of new ones.  An input that fails is kept in obj/fuzz.
#
# proves fuzz fdt_seeds: BOOT-1
# proves fuzz fdt_inputs: BOOT-1
# proves fuzz acpi_seeds: BOOT-1
# proves fuzz acpi_inputs: BOOT-1

use strict;
use warnings;

my $cc = $ENV{CC} || 'clang';
my $runs = $ENV{RUNS} || 20000;
my $seconds = $ENV{SECONDS} || 0;
my $dir = 'obj/fuzz';
my @readers = qw(fdt acpi);
my @flags = qw(-std=gnu11 -g -O1 -Wall -Wextra -Werror -Imi/boot);
my $san = '-fsanitize=fuzzer,address,undefined';

sub run
{
	my $out = `@_ 2>&1`;

	return ($? == 0, $out);
}

print '1..', 2 * @readers, "\n";
system('mkdir', '-p', map { "$dir/corpus/$_" } @readers);
open my $fh, '>', "$dir/none.c" or die "$dir/none.c: $!\n";
print $fh "#include <stddef.h>\nint LLVMFuzzerTestOneInput(const char *, ",
    "size_t);\nint\nLLVMFuzzerTestOneInput(const char *p, size_t n)\n{\n",
    "\treturn (p == NULL && n != 0);\n}\n";
close $fh;
my ($ok, $out) = run($cc, $san, '-o', "$dir/none", "$dir/none.c");
if (!$ok) {
	my $n = 0;
	print "# $cc has no libFuzzer here, or no AddressSanitizer:\n";
	print "# $_\n" for (split /\n/, $out)[0 .. 0];
	for my $r (@readers) {
		print "ok ", ++$n, " - fuzz.${r}_$_ # SKIP no libFuzzer\n"
		    for qw(seeds inputs);
	}
	exit 0;
}
($ok, $out) = run($cc, @flags, '-o', "$dir/seeds", 'tests/fuzz/seeds.c',
    map { "mi/boot/$_.c" } @readers);
($ok, $out) = run("$dir/seeds", "$dir/corpus") if $ok;
die "$out\nBail out! no seeds\n" if !$ok;

my ($n, $failed) = (0, 0);
for my $r (@readers) {
	($ok, $out) = run($cc, @flags, $san, '-fno-sanitize-recover=all',
	    '-o', "$dir/$r", "tests/fuzz/${r}_fuzz.c", "mi/boot/$r.c");
	die "$out\nBail out! $r does not compile\n" if !$ok;
	my @opts = ("$dir/$r", '-timeout=10', '-max_len=4096',
	    "-artifact_prefix=$dir/$r-");
	my @seeds = glob "$dir/corpus/$r/*";
	my @how = $seconds ? ("-max_total_time=$seconds") :
	    ('-seed=1', "-runs=$runs");
	my %test = (seeds => [@opts, @seeds],
	    inputs => [@opts, '-print_final_stats=1', @how, "$dir/new/$r",
		"$dir/corpus/$r"]);
	system('rm', '-rf', "$dir/new/$r");
	system('mkdir', '-p', "$dir/new/$r");
	for my $t (qw(seeds inputs)) {
		($ok, $out) = run(@{$test{$t}});
		my ($done) = $out =~ /number_of_executed_units:\s*(\d+)/;
		$done //= @seeds;
		$failed++ if !$ok;
		print $ok ? 'ok ' : 'not ok ', ++$n,
		    " - fuzz.${r}_$t $done of them: BOOT-1, every byte that ",
		    "firmware wrote is doubted\n";
		next if $ok;
		print "# $_\n" for grep { /ERROR|SUMMARY|runtime error|#[0-4] |
		    written|CHECK|abort/x } split /\n/, $out;
	}
}
exit($failed ? 1 : 0);
