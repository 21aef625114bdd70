#!/usr/bin/env perl
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.

# The cross-call in a kernel that is not the kit's: the example in xcall/, in
# an empty directory with the files that a porter copies and no others.  It
# is built with the line that its comment quotes, then with the sanitizers
# and the options, and each build runs the portable tests.  The sanitizers
# make XCALL_CALLS calls, a million by default.  At last the order of
# publishing is taken out of the core, and ThreadSanitizer must see it.
#
# An argument is the name of a build, and picks it.
#
# proves tsan tsan: X-ORDER-1 X-CALL-5

use strict;
use warnings;
use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use FindBin;
use POSIX qw(_exit);
use Test::More;

my $CC = $ENV{CC} || 'clang';
my $CALLS = $ENV{XCALL_CALLS} || 1000000;
my $MIXED = '-c ' . 10 * $CALLS . ' stress';
my $LIMIT = 60 + $CALLS / 10000;	# seconds; finds a hang
my $MP = '-DMULTIPROCESSOR';
my $ALL = '-DDIAGNOSTIC -DXCALL_MANY -DXCALL_WATCH';
my $HOST = 'tests/host/xcall';
my %SAN = (
    tsan => '-fsanitize=thread -DHOST_POLL',
    asan => '-fsanitize=address,undefined -fno-sanitize-recover=all',
);
$ENV{TSAN_OPTIONS} = 'halt_on_error=1 atexit_sleep_ms=0';
$ENV{ASAN_OPTIONS} = 'detect_stack_use_after_return=1';
delete $ENV{UBSAN_OPTIONS};

# name, flags of the compiler, arguments of each run, what is run: a file of
# the core, a pattern in it, what takes its place.
my @BUILDS = (
    ['tsan', "$MP $ALL $SAN{tsan}", ["-c $CALLS", $MIXED]],
    ['asan', "$MP $ALL $SAN{asan}", ["-c $CALLS", $MIXED]],
    ['quoted', undef, ['', '-n 2', '-n 20']],
    ['all', "-O2 $MP $ALL", ["-c $CALLS", $MIXED, '-n 2', '-n 1']],
    ['polled', "-O2 $MP $ALL -DHOST_POLL", ['']],
    ['up', '-O2', ['']],
    ['up-all', "-O2 $ALL", ['']],
    ['tsan-release', "$MP $ALL $SAN{tsan}", ['order_stream'],
	'atomic_store_release(&xci->xci_slots',
	'atomic_store_relaxed(&xci->xci_slots'],
    ['tsan-acquire', "$MP $ALL $SAN{tsan}", ['order_stream'],
	'atomic_load_acquire(slot)', 'atomic_load_relaxed(slot)'],
);

my $top = "$FindBin::Bin/../..";
chdir $top or die "$top: $!\n";
chomp($top = `pwd`);
my $dir = tempdir(CLEANUP => 1);

sub slurp {
	my ($file) = @_;

	open my $fh, '<', $file or die "$file: $!\n";
	local $/;
	return scalar(<$fh>) // '';
}

# What a porter copies.
for my $file (glob("mi/xcall/*.[ch] tests/xcall/*.[ch] $HOST/*.[ch]"),
    'tests/xtest.h') {
	my ($to) = $file =~ m{(.*)/};

	make_path("$dir/$to");
	copy($file, "$dir/$file") or die "$file: $!\n";
}
chdir $dir or die "$dir: $!\n";

# The line is the one that begins with "cc", and goes on after a "\".
my ($line) = slurp("$HOST/kernel.c") =~ /^ \*\t(cc (?:.*\\\n)*.*)$/m
    or die "$HOST/kernel.c: no line that begins with cc\n";
$line =~ s/\\\n \*\s*//g;

# Why a sanitizer cannot be had here, or nothing.
sub sanitizer_missing {
	my ($flags) = @_;

	open my $fh, '>', 'probe.c' or die "probe.c: $!\n";
	print $fh "int\nmain(void)\n{\n\treturn (0);\n}\n";
	close $fh or die "probe.c: $!\n";
	my $said = `{ $CC $flags -o probe probe.c && ./probe; } 2>&1`;
	return if $? == 0;
	return "$CC $flags: " . ($said =~ /\A\s*(.*)/ ? $1 : "status $?");
}
my %missing = map { $_ => sanitizer_missing($SAN{$_}) // '' } keys %SAN;

# Build and run, in a process of its own; what happened is in log files.
sub build_run {
	my ($n, $name, $flags, $runs, $old, $new) = @{$_[0]};
	my $core = 'mi/xcall/xcall.c';
	my $cc = $line;

	if (defined $old) {
		my $text = slurp($core);
		my $count = () = $text =~ /\Q$old\E/g;

		$text =~ s/\Q$old\E/$new/;
		open my $fh, '>', "core$n.c" or _exit(1);
		print $fh $count == 1 ? $text :
		    "#error '$old' is $count times in $core\n";
		close $fh or _exit(1);
		$cc =~ s/\Q$core\E/core$n.c/;
	}
	$cc =~ s/ -o xcall / -o xcall$n /;
	$cc =~ s/\Acc/$CC/;
	$cc =~ s/ -DMULTIPROCESSOR / -g -O1 -Wall -Wextra -Werror $flags /
	    if defined $flags;
	my $status = system("$cc >build$n 2>&1");
	for my $i (0 .. $#$runs) {
		last if $status != 0;
		system("timeout -s ABRT $LIMIT ./xcall$n $runs->[$i] " .
		    ">run$n.$i 2>err$n.$i; echo \$? >status$n.$i");
	}
	_exit($status != 0);
}

# Two at a time.
my @wanted = grep {
	my $name = $_->[0];
	!@ARGV || grep { $name eq $_ } @ARGV;
} @BUILDS;
plan skip_all => "no build is called @ARGV" unless @wanted;
my @todo;
for my $n (0 .. $#wanted) {
	my ($san) = $wanted[$n][0] =~ /\A(\w+)/;

	push @todo, [$n, @{$wanted[$n]}] unless $missing{$san};
}
my %kids;
while (@todo || %kids) {
	while (@todo && keys %kids < 2) {
		my $job = shift @todo;

		defined(my $pid = fork) or die "fork: $!\n";
		build_run($job) if $pid == 0;
		$kids{$pid} = 1;
	}
	delete $kids{wait()};
}

plan tests => scalar map { @{$_->[2]} } @wanted;
for my $n (0 .. $#wanted) {
	my ($name, undef, $runs, $old) = @{$wanted[$n]};
	my ($san) = $name =~ /\A(\w+)/;

	for my $i (0 .. $#$runs) {
		my $what = "$name " . ($runs->[$i] || 'xcall');

	      SKIP: {
			skip $missing{$san}, 1 if $missing{$san};
			if (!-e "status$n.$i") {
				ok(0, "$what: builds");
				diag(slurp("build$n"));
				next;
			}
			chomp(my $status = slurp("status$n.$i"));
			my $err = slurp("err$n.$i");
			if (defined $old) {
				ok($err =~ /ThreadSanitizer: data race/ &&
				    $err =~ /xcall_run/, "$what: is seen")
				    or diag("status $status\n$err");
				next;
			}
			my $verdict = `$^X '$top/tests/verdict.pl' run$n.$i host`;
			ok($? == 0 && $status eq '0' && $err eq '', $what)
			    or diag("status $status\n$verdict$err");
			note($verdict);
		}
	}
}
chdir $top;
