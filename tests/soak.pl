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

# The same boots again and again, to see whether a test is ever red for
# nothing: each cell N times, then N times while every processor here has
# something else to do.  A line for each cell with the counts; the console and
# the verdict of a run that was red stay in obj/soak.

use strict;
use warnings;
use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use FindBin;
use POSIX ();

my ($times, $jobs, @cells) = @ARGV;
my $OUT = 'obj/soak';

if (!@cells || grep { !/\A[1-9]\d*\z/ } $times, $jobs) {
	print STDERR "soak.pl: usage: soak.pl TIMES JOBS CELL ...\n";
	exit 2;
}
chdir "$FindBin::Bin/.." or die "cannot find the top of the tree: $!\n";
remove_tree($OUT);
make_path($OUT);

# Processes that only take time, one more than there are processors.
my @load;
my $me = $$;
sub load_on {
	open my $fh, '<', '/proc/cpuinfo';
	my $n = $fh ? grep { /^processor/ } <$fh> : 2;

	for (0 .. $n) {
		defined(my $pid = fork) or die "fork: $!\n";
		if ($pid == 0) {
			$SIG{$_} = 'DEFAULT' for qw(INT TERM);
			1 while getppid() == $me;
			POSIX::_exit(0);
		}
		push @load, $pid;
	}
}
sub load_off {
	kill 'KILL', @load;
	waitpid $_, 0 for @load;
	@load = ();
}
END { load_off() if $$ == $me }
$SIG{$_} = sub { exit 1 } for qw(INT TERM);

# One boot; a child of its own.
sub boot {
	my ($cell, $n, $kind) = @_;
	my $name = $cell =~ s{/}{-}gr . "-$kind-$n";
	my $said = `perl tests/boot.pl $cell 2>&1`;
	my $status = $? >> 8;

	return 0 if $? == 0;
	open my $fh, '>', "$OUT/$name.tap" or die "$OUT/$name.tap: $!\n";
	print $fh $said;
	my ($arch, @rest) = split m{/}, $cell;
	copy("obj/$arch/boot/" . join('-', @rest) . '.log', "$OUT/$name.log");
	return $status || 1;
}

# All boots of one cell, one after the other: they share their log.
sub soak {
	my ($cell, $kind, $pipe) = @_;
	my ($red, $not_run) = (0, 0);

	for my $n (1 .. $times) {
		my $status = boot($cell, $n, $kind);

		$status == 75 ? $not_run++ : $red++ if $status;
	}
	printf $pipe "%s %d %d\n", $cell, $red, $not_run;
}

# JOBS cells at once; returns how each cell did.
sub round {
	my ($kind) = @_;
	my @wait = @cells;
	my ($running, %did) = (0);

	pipe my $from, my $to or die "pipe: $!\n";
	while (@wait || $running) {
		if (@wait && $running < $jobs) {
			my $cell = shift @wait;

			defined(my $pid = fork) or die "fork: $!\n";
			if ($pid == 0) {
				soak($cell, $kind, $to);
				close $to;
				POSIX::_exit(0);
			}
			$running++;
		} elsif (waitpid(-1, 0) > 0) {
			# A process of the load does not end by itself.
			$running--;
		}
	}
	close $to;
	while (<$from>) {
		my ($cell, @n) = split;

		$did{$cell} = \@n;
	}
	return \%did;
}

$| = 1;
my $bad = 0;
my %did = (quiet => round('quiet'));
load_on();
$did{loaded} = round('loaded');
load_off();
for my $cell (@cells) {
	my @say;

	for my $kind (qw(quiet loaded)) {
		my ($red, $not_run) = @{$did{$kind}{$cell} // [$times, 0]};

		push @say, "$kind $times boots, $red red" .
		    ($not_run ? ", $not_run NOT RUN" : '');
		$bad += $red + $not_run;
	}
	printf "%-42s %s\n", $cell, join '; ', @say;
}
print $bad ? "$bad of " . 2 * $times * @cells . " were not green: $OUT/\n" :
    2 * $times * @cells . " boots, none red\n";
exit($bad ? 1 : 0);
