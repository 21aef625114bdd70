#!/usr/bin/env perl
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES.

# `make port' and `make status' in a copy of the tree: what a new port is told,
# and what happens when something is not as it should be, each time one line.

use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP;
use Test::More;

chdir "$FindBin::Bin/../.." or die "cannot find the top of the tree: $!\n";
my $top = tempdir(CLEANUP => 1);
system("cp -R Makefile mi mk tests port-guide md-* setup '$top'") == 0 or
    die "cannot copy the tree\n";
chdir $top or die "$top: $!\n";
system('rm -rf md-riscv64');
# What make says of itself would be another line.
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};

sub run {
	my ($command) = @_;
	my $out = `$command 2>&1 </dev/null`;

	return ($? >> 8, $out);
}

# A command that fails, and its one line.
sub refuses {
	my ($name, $like, $command) = @_;
	my ($status, $out) = run("$command");
	my @lines = grep { !/^make(?:\[\d+\])?: / } split /\n/, $out;

	isnt $status, 0, "$name: not 0";
	is scalar @lines, 1, "$name: one line" or diag $out;
	like $lines[0] // '', $like, "$name: which";
}

sub edit {
	my ($file, $change) = @_;
	local $/;

	open my $fh, '<', $file or die "$file: $!\n";
	local $_ = my $was = <$fh>;
	$change->();
	die "$file: nothing to change\n" if $_ eq $was;
	open $fh, '>', $file or die "$file: $!\n";
	print $fh $_;
	close $fh;
	return sub {
		open my $out, '>', $file or die "$file: $!\n";
		print $out $was;
		close $out;
	};
}

refuses('no name', qr/^make port: ARCH= the name of the new/, 'make port');
refuses('a name with a blank', qr/^make port: ARCH=a b: a name is of small/,
    "make port ARCH='a b'");
refuses('a name that leads elsewhere', qr{^make port: ARCH=\.\./x: a name},
    'make port ARCH=../x');
refuses('a name with a digit first', qr/^make port: ARCH=6502: a name/,
    'make port ARCH=6502');
my ($have) = map { m{md-(\w+)/} } sort glob 'md-*/arch.mk';
refuses('one that is there', qr/^make port: md-$have is there already/,
    "make port ARCH=$have");

rename 'port-guide/skeleton/trap.c', 'trap.c';
refuses('a skeleton without a file',
    qr{^make port: port-guide/skeleton/trap\.c is missing, which port-guide},
    'make port ARCH=riscv64');
ok !-e 'md-riscv64', 'and nothing is made';
rename 'trap.c', 'port-guide/skeleton/trap.c';

rename "md-$have/trap.c", 'trap.c';
refuses('an architecture without a file', qr{^md-$have/trap\.c is missing: },
    "make check ARCH=$have");
rename 'trap.c', "md-$have/trap.c";

my $back = edit('mi/xcall/xcall_md.h', sub { s/X-WAIT-2: tells/Tells/ });
my (undef, $out) = run('make contract');
like $out, qr{^# port-guide/stages: X-WAIT-2, which no header has$}m,
    'a clause that is removed from a header';
$back->();
$back = edit('port-guide/stages', sub { s/X-WAIT-2 // });
(undef, $out) = run('make contract');
like $out, qr{^# X-WAIT-2: in no stage of port-guide/stages$}m,
    'a clause without a stage';
$back->();
$back = edit('port-guide/stages', sub { s/^stage\tclock/stag\tclock/m });
(undef, $out) = run('make contract');
like $out, qr{^port-guide/stages:\d+: neither}m, 'a table with a mistake';
$back->();

# A new port; clang knows this one.
my ($status, $said) = run('make port ARCH=riscv64');
is $status, 0, 'a new port' or diag $said;
like $said, qr/^What comes next: make status ARCH=riscv64; .*porting\(7\)/m,
    'it says what comes next';
refuses('once more', qr/^make port: md-riscv64 is there already/,
    'make port ARCH=riscv64');
my @left = `grep -rl '\@ARCH\@\\|\@TARGET\@' md-riscv64`;
is "@left", '', 'no mark of the skeleton is left';

SKIP: {
	my (undef, $target) = run('clang --print-targets');
	skip 'this clang makes no code for riscv64', 8
	    unless $target =~ /riscv64/;
	($status, $said) = run('make status ARCH=riscv64 JSON=1');
	is $status, 0, 'what is not reached is no failure' or diag $said;
	$said =~ s/\A[^{]*//;
	my $s = eval { decode_json($said) };
	is $s->{ports}{riscv64}{reached}, 'links', 'it links as it is'
	    or diag $said;
	is $s->{ports}{riscv64}{next}, 'prints', 'and is to print next';
	my %state = map { $_->{name} => $_->{state} }
	    @{$s->{ports}{riscv64}{stages}};
	is $state{'cross-calls'}, 'not reached', 'others are not reached';
	ok((grep { $_->{func} eq 'md_putc' && $_->{clause} eq 'CONS-1' }
	    @{$s->{ports}{riscv64}{stubs}}), 'md_putc() is to be written');
	# Every other architecture is as it was.
	($status, $said) = run('perl tests/boot.pl --list');
	unlike $said, qr/riscv64/, 'it is no part of the others\' checks';
	$back = edit('md-riscv64/ipi.c', sub { s/^cpu_unidle/cpu_unidl/m });
	(undef, $said) = run('make status ARCH=riscv64');
	like $said, qr/error: .*cpu_unidl\b|cpu_unidle\(\) is not there/,
	    'a function that is missing is named';
	$back->();
	$back = edit('md-riscv64/stub.c', sub {
		s/^void\ncpu_idle_cycle.*?^\}\n//ms });
	(undef, $said) = run('make status ARCH=riscv64');
	like $said,
	    qr/cpu_idle_cycle\(\) is not there: IDLE-2, stage clock/,
	    'one that assembler should have, with its clause and stage';
	$back->();
}
done_testing;
