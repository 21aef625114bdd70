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

# The manual pages against the code.  Every example of every page compiles, as
# it stands after the headers of the page's SYNOPSIS, for every md- folder
# that has an arch.mk.  Every function of a SYNOPSIS is declared in a header
# under mi/, with these types, and every cpu_xcall function of a header is in
# a SYNOPSIS.

use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use Test::More;

my $CC = $ENV{CC} || 'clang';
my $CFLAGS = '-std=gnu11 -ffreestanding -fsyntax-only -Wall -Wextra -Werror ' .
    '-DMULTIPROCESSOR -DDIAGNOSTIC -DXCALL_WATCH -DXCALL_MANY ' .
    q{-DXCALL_MACHINE='"xcall_kern.h"' -Imi/include -Imi/xcall -Imi/kern};
my $PARALLEL = 8;
# What may stand before a name that a header declares; bodies are indented.
my $DECL = qr/^(?:[a-z][\w \t*]*[ \t*])?/m;

chdir "$FindBin::Bin/../.." or die "cannot find the top of the tree: $!\n";
my $dir = tempdir(CLEANUP => 1);

sub slurp {
	my ($file) = @_;

	open my $fh, '<', $file or die "cannot read $file: $!\n";
	local $/;
	return scalar <$fh>;
}

# The arguments of an mdoc macro.
sub words {
	return map { s/\A"(.*)"\z/$1/r } $_[0] =~ /"[^"]*"|\S+/g;
}

# One page: the headers and functions of its SYNOPSIS, its examples as
# [first line, text], and what in an example this reader does not understand.
sub page_read {
	my ($file) = @_;
	my %page = (file => $file, includes => '', funcs => [],
	    examples => [], strange => []);
	my ($sh, $type, $func, $example, $n) = ('', undef, undef, undef, 0);

	for my $line (split /\n/, slurp($file)) {
		$n++;
		if ($example) {
			if ($line =~ /\A\.Ed/) {
				push @{$page{examples}}, $example;
				undef $example;
				next;
			}
			push @{$page{strange}}, "line $n: $line"
			    if $line =~ /\A[.']/ || $line =~ /\\[^e&]/;
			$line =~ s/\\e|\\&/$& eq '\\e' ? '\\' : ''/ge;
			$example->[1] .= "$line\n";
			next;
		}
		my ($macro, $rest) = $line =~ /\A\.(\S+)\s*(.*)\z/ or next;
		if ($macro eq 'Sh') {
			$sh = $rest;
		} elsif ($sh eq 'EXAMPLES' && $macro eq 'Bd') {
			$example = [$n + 1, ''] if $rest =~ /-literal/;
		} elsif ($sh ne 'SYNOPSIS') {
			next;
		} elsif ($macro eq 'In') {
			$page{includes} .= "#include <$rest>\n";
		} elsif ($macro eq 'Ft') {
			($type) = words($rest);
		} elsif ($macro eq 'Fn' || $macro eq 'Fo') {
			my ($name, @args) = words($rest);
			$func = { name => $name, type => $type, line => $n,
			    args => \@args };
			push @{$page{funcs}}, $func;
			undef $type;
		} elsif ($macro eq 'Fa') {
			push @{$func->{args}}, words($rest);
		}
	}
	return \%page;
}

# What cannot be right of the functions of a page: one that no header has.
sub funcs_missing {
	my ($page, $headers) = @_;
	my @missing;

	for my $f (@{$page->{funcs}}) {
		my $found = defined $f->{type} ?
		    $headers =~ /$DECL\Q$f->{name}\E\(/ :
		    $headers =~ /^#define[ \t]+\Q$f->{name}\E\(/m;
		push @missing, "line $f->{line}: $f->{name}" unless $found;
	}
	return @missing;
}

# The functions of a page declared once more: other types than the header's
# do not compile.
sub funcs_declare {
	my ($page) = @_;

	return join '', $page->{includes}, map {
		"#line $_->{line} \"$page->{file}\"\n" .
		"$_->{type} $_->{name}(" . join(', ', @{$_->{args}}) . ");\n"
	} grep { defined $_->{type} } @{$page->{funcs}};
}

# [folder, triple] of each port.
sub ports {
	my @ports;

	for my $mk (sort glob 'md-*/arch.mk') {
		my ($md) = $mk =~ m{(.*)/};
		next if -e "$md/include/machine/stub.h";	# under way
		my ($triple) = slurp($mk) =~ /^TARGET\s*[:?]?=\s*(\S+)/m
		    or die "$mk: no line TARGET = triple\n";
		push @ports, [$md, $triple];
	}
	return @ports;
}

# Jobs are { name, text }, compiled for each port; each gets { port => what
# the compiler said }, and undef where it was content.
sub compile {
	my ($jobs, @ports) = @_;
	my @todo;

	for my $i (0 .. $#$jobs) {
		open my $fh, '>', "$dir/$i.c" or die "$dir/$i.c: $!\n";
		print $fh $jobs->[$i]{text};
		close $fh or die "$dir/$i.c: $!\n";
		push @todo, map { [$jobs->[$i], "$dir/$i.c", @$_] } @ports;
	}
	while (my @batch = splice @todo, 0, $PARALLEL) {
		for my $run (@batch) {
			my (undef, $src, $md, $triple) = @$run;

			open my $fh, '-|', "$CC --target=$triple $CFLAGS " .
			    "-I$md/include $src 2>&1" or die "sh: $!\n";
			push @$run, $fh;
		}
		for my $run (@batch) {
			my ($job, undef, $md, undef, $fh) = @$run;
			my $said = join '', <$fh>;

			close $fh or $job->{said}{$md} = $said ||
			    "$CC: status $?\n";
		}
	}
}

my $headers = join '', map { slurp($_) } sort glob 'mi/*/*.h';
$headers =~ s{/\*.*?\*/}{}gs;
my @pages = map { page_read($_) } sort glob 'port-guide/man/*.9';
my @ports = ports();
my @jobs = ({ name => 'every SYNOPSIS has the types of mi/',
    text => join '', map { funcs_declare($_) } @pages });

for my $page (@pages) {
	my $n = 0;

	for my $example (@{$page->{examples}}) {
		my ($line, $text) = @$example;

		$n++;
		push @jobs, { name => "$page->{file}: example $n compiles",
		    text => $page->{includes} .
		    "#line $line \"$page->{file}\"\n$text" };
	}
}

plan tests => 2 + 2 * @pages + @jobs * @ports;

ok(@pages > 0 && @ports > 0, 'there are pages, and ports to compile for')
    or diag('no port-guide/man/*.9, or no md-*/arch.mk');

my %documented = map { $_->{name} => 1 } map { @{$_->{funcs}} } @pages;
my @undocumented = grep { !$documented{$_} }
    $headers =~ /$DECL(cpu_xcall\w*)\(/g;
is("@undocumented", '', 'every cpu_xcall function of mi/ is in a SYNOPSIS');

for my $page (@pages) {
	ok((@{$page->{examples}} || !@{$page->{funcs}}) &&
	    !@{$page->{strange}},
	    "$page->{file}: has examples where it has functions, plain text")
	    or diag(map { "$_\n" } @{$page->{strange}});
	is(join(', ', funcs_missing($page, $headers)), '',
	    "$page->{file}: the functions of the SYNOPSIS are in mi/");
}

compile(\@jobs, @ports);
for my $job (@jobs) {
	for my $port (@ports) {
		my $said = $job->{said}{$port->[0]};

		ok(!defined $said, "$job->{name} ($port->[0])") or diag($said);
	}
}
