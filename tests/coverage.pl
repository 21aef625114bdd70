#!/usr/bin/env perl
#
# Copyright (c) 2026 the portkit authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.

# Which instructions of the cross-call and of the paths to it the suite
# executes: coverage.pl ARCH boots the product with the plugin, on several
# machines, and lists by function and source line what none of them executed.
# Each such place has to be allowed, with a reason; an allowance that nothing
# needs is as wrong as one that is missing.  TAP.
#
# tests/plugin/coverage says it for the core, md-ARCH/proof/coverage for the
# architecture:
#
#	cell MACHINE/CPUS[/up] [QEMU]
#				to boot, from this major version of QEMU on;
#				of one kernel all count together
#	object NAME		of mi/xcall or of the folder, without .o; the
#				folder's count in the multiprocessor kernel
#	allow FUNCTION [=TEXT]: REASON
#				may stay unexecuted, all of it or the source
#				lines that have TEXT in them; * is any function
#	allow up FUNCTION ...	likewise, in the uniprocessor kernel only
#	needs QEMU FUNCTION: REASON
#				likewise, before this major version of QEMU

use strict;
use warnings;
no warnings 'portable';		# numbers of 64 bits
use File::Basename qw(dirname);
use File::Path qw(make_path);
use FindBin;
use lib "$FindBin::Bin/lib";
use Machines;
use Witness;

chdir dirname($FindBin::Bin) or die "$!\n";

sub stop { print STDERR "coverage.pl: $_[0]\n"; exit 2 }

sub records {
	my ($arch) = @_;
	my %r = (cells => [], objects => [], allow => []);

	for my $file ('tests/plugin/coverage', "md-$arch/proof/coverage") {
		my $dir = $file =~ /^md/ ? "md-$arch" : 'mi/xcall';

		open my $fh, '<', $file or stop("$file: $!");
		while (<$fh>) {
			next if /^\s*(?:#|$)/;
			if (/^cell\s+(\S+)(?:\s+(\d+))?$/) {
				push @{$r{cells}}, "$arch/$1";
				$r{from}{"$arch/$1"} = $2 // 0;
			} elsif (/^object\s+(\S+)$/) {
				push @{$r{objects}}, "$dir/$1";
			} elsif (/^(?:allow|needs\s+(\d+))\s+(up\s+)?(\S+?)
			    (?:\s+=(.*?))?:\s+(\S.*)$/x) {
				push @{$r{allow}}, { needs => $1, up => $2,
				    function => $3, text => $4, reason => $5,
				    where => "$file:$.", used => 0 };
			} else {
				stop("$file:$.: no such record");
			}
		}
	}
	return \%r;
}

# Boots a cell; adds to what was executed, and returns why it could not.
sub boot {
	my ($r, $cell, $kind, $k, $counts) = @_;
	my ($api, $why) = Witness::api($cell);
	my $dir = "obj/" . (split m{/}, $cell)[0] . "/coverage";
	my $base = "$dir/" . join '-', (split m{/}, $cell)[1 .. 2], $kind;

	return $why unless defined $api;
	make_path($dir);
	my @text = map { @$_ } values %{$k->{obj}};
	my ($from) = sort { $a <=> $b } map { $_->[0] } @text;
	my ($to) = sort { $b <=> $a } map { $_->[1] } @text;

	open my $fh, '>', "$base.points" or stop("$base.points: $!");
	printf $fh "text %x %x\n", $from, $to;
	print $fh map { Witness::ranges($k, 'cover', $_) }
	    grep { $k->{obj}{$_} } @{$r->{objects}};
	close $fh or stop("$base.points: $!");
	unlink $base;
	my $status = system "'$^X' tests/boot.pl --qemu=-plugin --qemu=" .
	    "obj/plugin/witness-$api.so,points=$base.points,cover=$base " .
	    "'$cell' >'$base.boot' 2>&1";
	return 'the boot failed, see ' . "$base.boot" if $status != 0;
	open $fh, '<', $base or return "no counts in $base";
	while (<$fh>) {
		my ($pc, $n) = split;
		$counts->{hex $pc} += $n;
	}
	return undef;
}

# The instructions of the objects: [pc, function, file, line].
sub instructions {
	my ($r, $k, $kind) = @_;
	my @ranges = map { @{$k->{obj}{$_} // []} }
	    grep { $kind ne 'up' || m{^mi/} } @{$r->{objects}};
	my ($function, $file, $line, @all) = ('?', '?', 0);

	open my $fh, '-|', 'llvm-objdump', '-d', '-l', '--no-show-raw-insn',
	    "$k->{dir}/kernel.elf" or stop("llvm-objdump: $!");
	while (<$fh>) {
		if (/^[0-9a-f]+ <(.*)>:$/) {
			($function, $file, $line) = ($1, '?', 0)
			    unless $1 =~ /^\$/;
		} elsif (/^; (\S+):(\d+)$/) {
			($file, $line) = ($1, $2);
		} elsif (/^\s*([0-9a-f]+):\s+(\S+)/) {
			my ($pc, $op) = (hex $1, $2);

			# What fills gaps, and what is data.
			next if $op =~ /^(?:nop[lw]?|int3|\.\w+|udf|<unknown>|
			    data16|[0-9a-f]{2})$/x;
			push @all, [$pc, $function, $file, $line]
			    if grep { $pc >= $_->[0] && $pc < $_->[1] } @ranges;
		}
	}
	close $fh;
	return @all;
}

my %source;
sub source {
	my ($file, $line) = @_;

	$source{$file} //= do {
		open my $fh, '<', $file;
		$fh ? [<$fh>] : [];
	};
	return ($source{$file}[$line - 1] // '') =~ s/^\s+|\s+$//gr;
}

sub allowed {
	my ($r, $version, $kind, $function, $text) = @_;

	for my $a (@{$r->{allow}}) {
		next if $a->{function} ne '*' && $a->{function} ne $function;
		next if $a->{up} && $kind ne 'up';
		next if defined $a->{text} && index($text, $a->{text}) < 0;
		next if $a->{needs} && $version >= $a->{needs};
		$a->{used}++;
		return 1;
	}
	return 0;
}

my $arch = shift @ARGV // '';
my @arches = grep { -e "md-$_/proof/coverage" } Machines::arches('.');
stop("usage: coverage.pl ARCH; there are: @arches")
    unless grep { $_ eq $arch } @arches;
if (system('llvm-objdump --version >/dev/null 2>&1') != 0) {
	print "1..0 # SKIP no llvm-objdump here\n";
	exit 0;
}

my $r = records($arch);
my ($n, $failed, $version, %boots, @lines) = (0, 0, 0);
push @{$boots{$_ =~ m{/up$} ? 'up' : 'mp'}}, $_ for @{$r->{cells}};
for my $kind (sort keys %boots) {
	my ($k, %counts) = (Witness::kernel("obj/$arch/$kind"));
	my $booted = 0;

	$version = (Witness::version($boots{$kind}[0]))[0] // 0;
	for my $cell (@{$boots{$kind}}) {
		if ($version < $r->{from}{$cell}) {
			$n++;
			print "ok $n - boot $cell # SKIP needs QEMU " .
			    "$r->{from}{$cell}\n";
			next;
		}
		my $why = boot($r, $cell, $kind, $k, \%counts);

		$n++;
		if (!defined $why) {
			print "ok $n - boot $cell\n";
			$booted++;
			next;
		}
		$failed = 1;
		print "not ok $n - boot $cell\n# $why\n";
	}
	my (%missing, %total, @order);
	for my $i (instructions($r, $k, $kind)) {
		my ($pc, $function, $file, $line) = @$i;

		$total{all}++;
		next if $counts{$pc};
		my $key = join "\t", $function, $file, $line;
		push @order, $key unless $missing{$key}++;
	}
	my $bad = 0;
	for my $key (@order) {
		my ($function, $file, $line) = split /\t/, $key;
		my $text = source($file, $line);

		next if allowed($r, $version, $kind, $function, $text);
		$bad += $missing{$key};
		$file =~ s{.*/((?:md-|mi/))}{$1};
		push @lines, sprintf "# %s: %s: %s:%d: %d not executed: %s",
		    $kind, $function, $file, $line, $missing{$key}, $text;
	}
	my $missed = 0;
	$missed += $_ for values %missing;
	$n++;
	$failed ||= $bad;
	printf "%sok %d - %s %s: %d of %d instructions executed, %d allowed " .
	    "not to be, %d are not\n", $bad ? 'not ' : '', $n, $arch, $kind,
	    $total{all} - $missed, $total{all}, $missed - $bad, $bad;
}
my @unused = grep { !$_->{used} && !($_->{needs} && $version >= $_->{needs}) }
    @{$r->{allow}};
# What the core needs on one architecture it may not need on another.
my @core = grep { $_->{where} =~ /^tests/ } @unused;
@unused = grep { $_->{where} !~ /^tests/ } @unused;
print map { "# $_->{where}: $_->{function}: not needed here\n" } @core;
$n++;
print @unused ? 'not ' : '', "ok $n - each allowance of the folder is needed\n";
push @lines, map { "# $_->{where}: $_->{function}: nothing needs this " .
    "allowance" } @unused;
print STDERR map { "$_\n" } @lines;
print "1..$n\n";
exit($failed || @unused ? 1 : 0);
