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

# What CI systems are told of the matrix, made from what `matrix.pl LIST=json'
# prints, on the standard input:
#
#	github N	the parts, as an output of a step: shards=["1/N",...]
#	gitlab N	a child pipeline with a job for each part
#	lava URL	a LAVA job for each cell that this machine could boot;
#			the kernels are at URL, under their names in obj/
#
# Jobs are YAML as CPAN::Meta::YAML, which comes with perl, can read it back.

use strict;
use warnings;
use FindBin;
use JSON::PP;

my %system = (github => \&github, gitlab => \&gitlab, lava => \&lava);

sub usage {
	print STDERR "ci.pl: @_\nusage: matrix.pl LIST=json | ci.pl " .
	    "github N | gitlab N | lava URL\n";
	exit 2;
}

# "1/N" and so on, no more than there are cells.
sub shards {
	my ($n, @cells) = @_;

	usage("how many parts? not '$n'") unless $n =~ /\A[1-9]\d{0,2}\z/;
	$n = @cells if $n > @cells;
	return map { "$_/$n" } 1 .. $n;
}

sub github {
	my ($n, @cells) = @_;

	print 'shards=', encode_json([shards($n, @cells)]), "\n";
}

sub gitlab {
	my ($n, @cells) = @_;

	for my $shard (shards($n, @cells)) {
		print <<"END";
boot $shard:
  image: debian:12
  script:
    - ./setup --matrix
    - perl tests/matrix.pl SHARD=$shard
  retry:
    max: 1
    exit_codes: 75
  artifacts:
    when: always
    paths:
      - obj/matrix
    reports:
      junit: obj/matrix/junit.xml
END
	}
}

# What one option of QEMU was given.
sub take {
	my ($option, $args) = @_;

	for my $i (0 .. $#$args - 1) {
		return (splice @$args, $i, 2)[1] if $args->[$i] eq $option;
	}
	return undef;
}

sub quote { return "'" . $_[0] =~ s/'/''/gr . "'" }

# A job in LAVA's `qemu' device type: the machine is in its context, and what
# that has no word for goes along as it is.  The test is what a monitor finds
# between the markers of the run.
sub lava {
	my ($url, @cells) = @_;

	usage("where are the kernels? not '$url'")
	    unless $url =~ m{\A\w+://\S+\z};
	@cells = grep { $_->{firmware} eq 'direct' && $_->{mode} ne 'kvm' &&
	    !defined $_->{skip} } @cells;
	usage('none of these cells boots by itself') unless @cells;
	open my $pipe, '-|', $^X, "$FindBin::Bin/boot.pl", '--plan',
	    map { $_->{name} } @cells or die "ci.pl: boot.pl: $!\n";
	my $plans = decode_json(do { local $/; <$pipe> });
	for my $plan (@$plans) {
		my (undef, @args) = @{$plan->{command}};
		my %is = map { $_ => take("-$_", \@args) }
		    qw(m cpu M kernel append serial);
		my $append = defined $is{append} ? " -append '$is{append}'" :
		    '';

		print '---', map { "\n$_" }
		    'job_name: ' . quote("portkit $plan->{cell}"),
		    'device_type: qemu',
		    'visibility: public',
		    'priority: medium',
		    'timeouts:',
		    '  job:', '    minutes: 30',
		    '  action:', '    minutes: 25',
		    'context:',
		    "  arch: $plan->{arch}",
		    '  machine: ' . quote($is{M}),
		    '  cpu: ' . quote($is{cpu}),
		    "  memory: $is{m}",
		    '  extra_options:', map({ '    - ' . quote($_) } @args),
		    'actions:',
		    '  - deploy:',
		    '      to: tmpfs',
		    '      images:',
		    '        kernel:',
		    '          url: ' . quote("$url/$is{kernel}" =~
			s{/obj/}{/}r),
		    '          image_arg: ' .
			quote("-kernel {kernel}$append"),
		    '  - boot:',
		    '      method: qemu',
		    '      media: tmpfs',
		    '  - test:',
		    '      monitors:',
		    '        - name: portkit',
		    '          start: ' . quote('==== portkit begin'),
		    '          end: ' . quote('==== portkit end'),
		    '          pattern: ' . quote('(?P<result>(not )?ok) ' .
			'\d+ - (?P<test_case_id>[^\s#]+)'),
		    '          fixupdict:',
		    '            ok: pass',
		    '            not ok: fail';
		print "\n";
	}
}

my ($system, $with, @more) = @ARGV;
usage('which system, and what for?') if !defined $with || @more ||
    !$system{$system};
my $list = eval { decode_json(do { local $/; <STDIN> } // '') };
usage('the standard input is not what matrix.pl LIST=json prints')
    if ref $list ne 'HASH' || ($list->{schema} // '') ne 'portkit-cells';
usage("version 1 of the list is known, not $list->{version}")
    if $list->{version} != 1;
$system{$system}->($with, @{$list->{cells}});
close STDOUT or die "ci.pl: $!\n";
