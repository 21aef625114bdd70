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

# What LABELS= may say of a kernel, and what it is told when it is wrong: one
# line each.

use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use Test::More;
use lib "$FindBin::Bin/../lib";
use Image;

my $dir = tempdir(CLEANUP => 1);

sub file {
	my ($name, @lines) = @_;

	open my $fh, '>', "$dir/$name" or die "$dir/$name: $!\n";
	print $fh map { "$_\n" } @lines;
	close $fh;
	return "$dir/$name";
}

my $image = file('image', 'no ELF file, and no symbols');
my @map = ('0000000000001000 T post_it', '0000000000001010 T on_irq',
    '0000000000001020 t handler', '0000000000001030 t handler',
    '0000000000001040 T out', '0000000000001050 T end');
file('map', @map, '0000000000001060 D data');
file('name', 'a kernel 1.0');
my @good = ('arch none', 'cell any/2 none', 'kernel Any, @/name',
    'symbols @/map', 'text post_it end', 'label post post_it',
    'label vector on_irq', 'label call handler', 'within return on_irq+0x4',
    'label leave out+0xc', 'label @begin post_it', 'label @done out',
    'label @case_x post_it', 'looks eoi 0f 30/ff ff', 'entry end');

# The labels in the plugin's words, or what is wrong.
sub labels {
	my (@lines) = @_;
	my $l = eval {
		my $l = Image::load($image, file('labels', @lines));

		Image::symbols($l);
		push @{$l->{points}}, ['@case x', 0x1000];
		[$l, Image::labels($l)];
	};

	return $l // $@;
}

my $l = labels(@good);
ok(ref $l, 'a good file') or diag $l;
my ($have, @out) = ref $l ? @$l : {};
my $out = join '', @out;

is($have->{kernel}, 'Any, a kernel 1.0', 'a word @/FILE is its first line');
like($out, qr/^text 1000 1050$/m, 'text between two symbols');
like($out, qr/^label 1020 call\nlabel 1030 call$/m,
    'a label on each function of that name');
like($out, qr/^label 104c leave$/m, 'an offset');
like($out, qr/^within 1014 1020 return$/m, 'a function ends at the next');
like($out, qr/^looks eoi 0f30 ffff$/m, 'a pattern');
like($out, qr/^entry 1050$/m, 'an entry');

sub without { my ($re) = @_; return grep { $_ !~ $re } @good }

for my $t (
	['no file', sub { eval { Image::load("$dir/none", $image) }; $@ },
	    qr/\AIMAGE=\S+: No such file/],
	['no labels', sub { eval { Image::load($image, "$dir/none") }; $@ },
	    qr/\ALABELS=\S+: No such file/],
	['an unknown record', sub { labels(@good, 'lable x y') },
	    qr/labels:16: no record 'lable'; there are: append arch /],
	['a word too many', sub { labels(@good, 'label x y z') },
	    qr/labels:16: 'label' takes 2 words, not 3/],
	['an image without symbols', sub { labels(without(qr/^symbols/)) },
	    qr/image has no symbols/],
	['a symbol that is not there', sub { labels(@good, 'label eoi gone') },
	    qr/labels:16: no symbol 'gone' in \S+map/],
	['no label where it begins', sub { labels(without(qr/label post/)) },
	    qr/labels: no label 'post'/],
	['no architecture', sub { labels(without(qr/^arch/)) },
	    qr/labels: no record 'arch'/],
) {
	my ($name, $do, $want) = @$t;
	my $said = $do->();

	like($said, $want, $name);
	is($said =~ tr/\n//, 1, '  in one line');
}
done_testing();
