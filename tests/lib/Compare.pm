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

# The reader of what "make compare" measured: a JSON file of the schema that
# tests/compare/schema.md describes.  What it returns can be used without
# another look: each key that the schema demands is there and of its kind.
# What is not so dies with one line that says where.

package Compare;

use strict;
use warnings;
use JSON::PP ();

my ($SCHEMA, $VERSION) = ('portkit-compare', 1);
my @ABOUT = qw(commit compiler linker date);
my @COLUMN = qw(id arch machine controller cpu_model qemu cflags image);
# The stages of a call in its order, and what each is.
our @STAGES = (
	[post => 'entry of the call, to the doorbell write'],
	[doorbell => 'the doorbell write'],
	[unwind => 'the sender\'s way out'],
	[sleep => 'the sender goes to sleep'],
	[idle => 'the halted target comes back'],
	[vector => 'interrupt entry'],
	[mark => 'the soft interrupt is marked pending'],
	[eoi => 'end of interrupt'],
	[lower => 'the level drops to where calls may run'],
	[soft => 'entry of the soft interrupt'],
	[dispatch => 'the call is taken off the queue'],
	[call => 'the function itself'],
	[wake => 'the sleeping sender is woken'],
	[return => 'back to what was interrupted'],
	[idleloop => 'the idle loop looks for work'],
	[unidle => 'the interrupt that ends the sender\'s halt'],
	[resume => 'the sender runs again'],
);
# Of these the sum is what a call costs: all but the function itself, and
# what does not lie on the way to it and back.
our @SPANS = (
	['post to doorbell', qw(post doorbell)],
	['vector to function', qw(vector mark eoi soft dispatch)],
	['function to return', qw(return)],
);
# What is counted of a stage, in the order of a table, and its heading.
our @MEASURES = (
	[insns => 'instructions'], [loads => 'loads'], [stores => 'stores'],
	[atomics => 'atomics'], [barriers => 'barriers'],
	[taken => 'branches taken'], [lines => 'cache lines'],
	[waiting => 'waiting'], [firmware => 'firmware calls'],
);

# Value $key of %$in, which is called $at in the file.
sub need {
	my ($in, $at, $key) = @_;

	die "$at is no object\n" unless ref $in eq 'HASH';
	die "$at has no $key\n" unless defined $in->{$key};
	return $in->{$key};
}

sub texts {
	my ($in, $at, @keys) = @_;

	for my $key (@keys) {
		die "$at: $key is no text\n" if ref need($in, $at, $key);
	}
}

sub numbers {
	my ($in, $at, @keys) = @_;

	for my $key (@keys) {
		my $n = need($in, $at, $key);

		die "$at: $key is no number of 0 or more\n"
		    if ref $n || $n !~ /\A[0-9]+(?:\.[0-9]+)?\z/;
	}
}

sub truths {
	my ($in, $at, @keys) = @_;

	for my $key (@keys) {
		die "$at: $key is neither true nor false\n"
		    unless JSON::PP::is_bool(need($in, $at, $key));
	}
}

# [name, element] of each of a list; one that may be missing is empty then.
sub list {
	my ($in, $at, $key, $optional) = @_;
	return if $optional && !defined $in->{$key};
	my $list = need($in, $at, $key);

	die "$at: $key is no list\n" unless ref $list eq 'ARRAY';
	return map { ["$at.$key\[$_]", $list->[$_]] } 0 .. $#$list;
}

# { min, median, max } of each thing measured.
sub counts {
	my ($in, $at) = @_;

	for my $measure (map { $_->[0] } @MEASURES) {
		my $m = need($in, $at, $measure);

		numbers($m, "$at.$measure", qw(min median max));
		die "$at.$measure: min, median and max are out of order\n"
		    if $m->{min} > $m->{median} || $m->{median} > $m->{max};
	}
}

sub a_case {
	my ($at, $case) = @_;

	texts($case, $at, 'name');
	numbers($case, $at, qw(calls targets disturbed));
	for (list($case, $at, 'stages')) {
		my ($at, $stage) = @$_;

		texts($stage, $at, qw(name cpu));
		numbers($stage, $at, 'passes') if defined $stage->{passes};
		counts($stage, $at);
	}
	counts(need($case, $at, 'total'), "$at.total");
}

sub column {
	my ($at, $column) = @_;

	texts($column, $at, @COLUMN);
	numbers($column, $at, 'cpus');
	a_case(@$_) for list($column, $at, 'cases');
	for my $name (sort keys %{$column->{paths} // {}}) {
		texts($_->[1], $_->[0],
		    qw(stage pc function offset source insn))
		    for list($column->{paths}, "$at.paths", $name);
	}
	for (list($column, $at, 'scaling', 1)) {
		my ($at, $point) = @$_;

		numbers($point, $at, 'n');
		numbers(need($point, $at, $_), "$at.$_", qw(insns doorbells))
		    for qw(unicast multicast);
	}
	for (list($column, $at, 'all_to_one', 1)) {
		numbers($_->[1], $_->[0], qw(n insns));
	}
	for (list($column, $at, 'budgets', 1)) {
		texts($_->[1], $_->[0], 'what');
		numbers($_->[1], $_->[0], qw(measured at_most));
	}
}

sub check {
	my ($all) = @_;

	die "not of schema $SCHEMA\n" unless ref $all eq 'HASH' &&
	    ($all->{schema} // '') eq $SCHEMA;
	my $version = need($all, 'the file', 'version');
	die "schema version $version, and this reads $VERSION\n"
	    if $version ne $VERSION;
	texts($all, 'the file', 'kind');
	my $about = need($all, 'the file', 'about');
	texts($about, 'about', @ABOUT);
	truths($about, 'about', qw(dirty diagnostic));
	my @columns = list($all, 'the file', 'columns');
	die "no columns\n" unless @columns;
	column(@$_) for @columns;
	texts($_->[1], $_->[0], qw(id reason))
	    for list($all, 'the file', 'skipped');
}

sub load {
	my ($file) = @_;
	my $text = do {
		open my $fh, '<:raw', $file or die "$file: $!\n";
		local $/;
		<$fh>;
	};
	my $all = eval { JSON::PP->new->utf8->decode($text // '') };

	die "$file: no JSON, or cut off after " . length($text // '') .
	    " bytes\n" unless defined $all;
	eval { check($all); 1 } or die "$file: $@";
	return $all;
}

1;
