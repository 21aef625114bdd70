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

# What a cross-call takes by the clock, where time means something: on a board,
# whose console LOG= names (its command line has suite=time), or under KVM.
# Never under TCG.  Prints a table and writes obj/compare/time-ARCH.json, of
# the schema that tests/compare/schema.md explains, with a kind of its own.

use strict;
use warnings;
use File::Path qw(make_path);
use FindBin;
use JSON::PP ();
use lib "$FindBin::Bin/../lib";
use Machines;

my ($USAGE, $NOT_RUN) = (2, 75);
my %opt = (ARCH => '', LOG => '', MACHINE => '', NCPU => '');

sub stop {
	my ($status, $line) = @_;

	print STDERR "time.pl: $line\n";
	exit $status;
}

# The console of a run under KVM.
sub kvm {
	my ($arch) = @_;
	my $file = "obj/compare/time-$arch.log";
	my ($t, $host);

	eval { $t = Machines::load('.', $arch); 1 } or
	    stop($USAGE, $@ =~ s/\n\z//r);
	chomp($host = `uname -m`);
	stop($NOT_RUN, "$arch: $t->{qemu} is no KVM of this machine, which is " .
	    "$host; LOG= takes the console of a board")
	    unless $t->{qemu} =~ /-\Q$host\E\z/;
	stop($NOT_RUN, "$arch: /dev/kvm cannot be used here, and times under " .
	    "an emulator mean nothing; LOG= takes the console of a board")
	    unless -r '/dev/kvm' && -w _;
	make_path('obj/compare');
	$ENV{ACCEL} = 'kvm';
	system("perl tests/boot.pl --run --append suite=time " .
	    "$arch/$opt{MACHINE}/$opt{NCPU} >$file") == 0 or
	    stop(1, "the run failed: see $file");
	return $file;
}

# What a console says.
sub read_log {
	my ($file) = @_;
	my (%j, @cases, $ended);

	open my $fh, '<', $file or stop($USAGE, "$file: $!");
	while (<$fh>) {
		s/\r?\n\z//;
		if (/^==== portkit begin arch=(\S+) cpus=(\d+) ====/) {
			@j{qw(arch cpus)} = ($1, $2 + 0);
			@cases = ();
		}
		$ended = $1 if /^==== portkit end tests=\d+ failed=(\d+) /;
		next unless my ($name, $calls, $hz, @n) = /^\#\ time\ (\S+)
		    \ calls=(\d+)\ hz=(\d+)\ call=(\d+),(\d+),(\d+)
		    \ done=(\d+),(\d+),(\d+)$/x;
		push @cases, { name => $name, calls => $calls + 0, map {
			my @of = splice @n, 0, 3;
			$_ => { unit($hz, @of) };
		} qw(call done) };
		$j{hz} = $hz + 0;
	}
	stop(1, "$file: no begin marker: not a console of the kit's kernel")
	    unless defined $j{arch};
	stop(1, "$file: no end marker: the run is cut off")
	    unless defined $ended;
	stop(1, "$file: $ended failed") if $ended;
	stop(1, "$file: no times: was suite=time on the command line?")
	    unless @cases;
	return { %j, cases => \@cases };
}

sub unit {
	my ($hz, @n) = @_;
	my %of;

	@{$of{cycles}}{qw(min median p99)} = map { $_ + 0 } @n;
	@{$of{ns}}{qw(min median p99)} =
	    map { sprintf('%.0f', $_ * 1e9 / $hz) + 0 } @n;
	return %of;
}

for (@ARGV) {
	/\A([A-Z]+)=(.*)\z/s && exists $opt{$1} or
	    stop($USAGE, "usage: time.pl ARCH=arch [MACHINE=..] [NCPU=..] | " .
	    "LOG=console");
	$opt{$1} = $2;
}
chdir "$FindBin::Bin/../.." or stop($USAGE, "no top of the tree: $!");
if ($opt{LOG} eq '' && !grep { $_ eq $opt{ARCH} } Machines::arches('.')) {
	stop($USAGE, "which ARCH=? there are: @{[Machines::arches('.')]}; or " .
	    "LOG=, the console of a board");
}
my $by = $opt{LOG} ne '' ? 'console' : 'kvm';
my $m = read_log($by eq 'kvm' ? kvm($opt{ARCH}) : $opt{LOG});
my $file = "obj/compare/time-$m->{arch}.json";

printf "%s, %d CPUs, a clock of %.1f MHz; %s of each case; ns: least, " .
    "median, 99th percentile\n", $m->{arch}, $m->{cpus}, $m->{hz} / 1e6,
    $m->{cases}[0]{calls};
printf "%-16s %26s   %26s\n", '', 'the call', 'until it is done';
for my $c (@{$m->{cases}}) {
	printf "%-16s %8d %8d %8d   %8d %8d %8d\n", $c->{name},
	    map { @{$c->{$_}{ns}}{qw(min median p99)} } qw(call done);
}
make_path('obj/compare');
open my $fh, '>', "$file.part" or stop(1, "$file: $!");
print $fh JSON::PP->new->canonical->pretty->encode({ schema =>
    'portkit-compare', version => 1, kind => 'time', by => $by, %$m });
close $fh && rename "$file.part", $file or stop(1, "$file: $!");
print "$file\n";
