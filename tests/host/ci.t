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

# What CI systems are told: the jobs that ci.pl makes, and the steps of the
# workflows, which are run here as those systems would, in a clean folder.
# Those take a minute: only with the word `steps', make check-ci.

use strict;
use warnings;
use CPAN::Meta::YAML;
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

my $steps = grep { $_ eq 'steps' } @ARGV;
my $dir = tempdir(CLEANUP => 1);
my $list = `perl tests/matrix.pl LIST=json`;
my @cells = @{decode_json($list)->{cells}};
my $GITHUB = '.github/workflows/portkit.yml';
my $GITLAB = '.gitlab-ci.yml';

sub spew {
	my ($file, $text) = @_;

	open my $fh, '>', $file or die "$file: $!\n";
	print $fh $text;
	close $fh or die "$file: $!\n";
}

# ci.pl with this on its standard input: its status, and all it says.
sub ci {
	my ($in, @args) = @_;

	spew("$dir/in", $in);
	my $said = `perl tests/ci.pl @args <$dir/in 2>$dir/err`;
	my $status = $? >> 8;
	open my $fh, '<', "$dir/err";
	return ($status, $said, join '', <$fh>);
}

sub wrong {
	my ($what, $says, @ci) = @_;
	my ($status, $said, $err) = ci(@ci);

	ok($status == 2 && $said eq '' && $err =~ $says, $what) or
	    diag("$status: $said$err");
}

wrong('no system', qr/^ci\.pl: which system, and what for\?$/m, $list);
wrong('a system nobody knows', qr/^ci\.pl: which system/m, $list, 'x', 1);
wrong('no number', qr/^ci\.pl: how many parts\? not '0'$/m, $list,
    'github', 0);
wrong('no list', qr/^ci\.pl: the standard input is not what/m, '',
    'github', 2);
wrong('another version', qr/^ci\.pl: version 1 of the list is known, not 2$/m,
    $list =~ s/("version"\s*:\s*)1/${1}2/r, 'github', 2);
wrong('kernels nowhere', qr/^ci\.pl: where are the kernels\? not 'here'$/m,
    $list, 'lava', 'here');

my ($status, $said) = ci($list, 'github', 3);
is($said, qq(shards=["1/3","2/3","3/3"]\n), 'parts for GitHub');
($status, $said) = ci($list, 'github', 999);
is(@{decode_json($said =~ s/^shards=//r)}, @cells, 'no more than cells');

($status, $said) = ci($list, 'gitlab', 3);
my $child = CPAN::Meta::YAML->read_string($said)->[0];
is_deeply([map { $child->{"boot $_/3"}{script}[-1] } 1 .. 3],
    [map { "perl tests/matrix.pl SHARD=$_/3" } 1 .. 3], 'jobs for GitLab');
is($child->{'boot 2/3'}{artifacts}{reports}{junit}, 'obj/matrix/junit.xml',
    '... with the file that it reads');

# LAVA: its own schema, where it is installed.
my $python = (grep { system("$_ -c 'import lava_common, yaml' 2>/dev/null")
    == 0 } qw(python3 /usr/bin/python3))[0];
($status, $said) = ci($list, 'lava', 'https://example.org/kernels');
SKIP: {
	skip 'no cell that this machine boots', 3 if $status == 2;
	my @jobs = @{CPAN::Meta::YAML->read_string($said)};
	cmp_ok(scalar @jobs, '>', 0, scalar @jobs . ' jobs for LAVA');
	is($jobs[0]{actions}[2]{test}{monitors}[0]{start},
	    '==== portkit begin', '... which wait for the begin marker');
	skip 'no lava-common here (Debian: package lava-common)', 1
	    unless defined $python;
	spew("$dir/jobs", $said);
	spew("$dir/check.py", <<'END');
import sys, yaml
from lava_common.schemas import validate
for job in yaml.safe_load_all(open(sys.argv[1])):
    validate(job)
END
	is(`$python $dir/check.py $dir/jobs 2>&1`, '', "LAVA's schema");
}

#
# The steps
#

# What a clean folder has: the files that are kept, as they are now.
sub clean_folder {
	my ($to) = @_;

	mkdir $to;
	system("git ls-files -co --exclude-standard -z | " .
	    "tar -c --null -T - | tar -x -C $to") == 0 or die "no copy\n";
}

# One step as those systems run it.  What setup would install is only looked
# at: it is the user's machine here.
sub step {
	my ($in, $command, %env) = @_;
	local @ENV{keys %env} = values %env;
	my $dry = $command =~ s{^\./setup\b}{./setup -n}r;

	delete local @ENV{qw(HARNESS_ACTIVE MAKEFLAGS MAKELEVEL PROVE
	    HARNESS_OPTIONS)};
	my $said = `cd $in && sh -ec '$dry' 2>&1`;
	my $status = $? >> 8;

	ok($status == 0 || $status == 1 && $dry ne $command, $command) or
	    diag($said);
	return $said;
}

# A part that is quickly run, of as many parts as there are cells.
sub quick {
	for my $i (reverse 1 .. @cells) {
		my $shard = "$i/" . @cells;
		my $part = `perl tests/matrix.pl LIST=json SHARD=$shard`;
		my @c = @{decode_json($part)->{cells}};

		return $shard if @c == 1 && !defined $c[0]{skip} &&
		    $c[0]{cpus} <= 4 && $c[0]{mode} eq 'multi' &&
		    $c[0]{firmware} eq 'direct';
	}
	return undef;
}

SKIP: {
	my $github = CPAN::Meta::YAML->read($GITHUB)->[0];
	my $gitlab = CPAN::Meta::YAML->read($GITLAB)->[0];
	my $shard;

	is($gitlab->{boot}{trigger}{include}[0]{artifact}, 'cells.yml',
	    "GitLab's child pipeline is what was made");
	skip 'the steps: make check-ci', 1 unless $steps;
	$shard = quick() or skip 'no quick cell that this machine boots', 1;
	clean_folder("$dir/github");
	for my $job (qw(cells boot)) {
		for my $s (map { $_->{run} // () }
		    @{$github->{jobs}{$job}{steps}}) {
			$s =~ s/\$\{\{ matrix\.shard \}\}/$shard/;
			step("$dir/github", $s, GITHUB_OUTPUT => "$dir/output",
			    GITHUB_STEP_SUMMARY => "$dir/summary");
		}
	}
	like(`cat $dir/output`, qr{^shards=\["1/8",.*"8/8"\]$},
	    'the parts are told');
	like(`cat $dir/summary`, qr/\b1 cell passed\b/, 'and the summary');
	clean_folder("$dir/gitlab");
	step("$dir/gitlab", $_) for @{$gitlab->{cells}{script}};
	my $jobs = CPAN::Meta::YAML->read("$dir/gitlab/cells.yml")->[0];
	step("$dir/gitlab", s{SHARD=\S+}{SHARD=$shard}r)
	    for @{$jobs->{'boot 1/8'}{script}};
	ok(-s "$dir/gitlab/obj/matrix/summary.md", 'there are results');
}
done_testing;
