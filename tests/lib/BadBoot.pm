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

# Boots with firmware that lies.  md-*/proof/badboot.t lists the lies; each is
# one case: what QEMU is given, and what must come of it, a smaller machine
# that begins the suite or a panic that says why, with a message that a person
# understands, in bounded time.  A case is
#
#	name	the lie
#	args	QEMU arguments besides those of the machine
#	machine	another than the default one of the table, or arguments
#	clause	what is broken if it fails
#	says	what the console must have said, a pattern or a list of them, or
#		a function of it all that returns what is wrong with it
#	and one of these, or both of the first two where either will do
#	cpus	the suite begins on so many CPUs
#	panic	a CPU panics, once, and the reason matches
#	ends	QEMU ends by itself, with this status; nothing need be said
#
# It must never leave an emulator behind, and never wait without a limit.

package BadBoot;

use strict;
use warnings;
use File::Basename qw(dirname);
use File::Spec;
use File::Temp;
use FindBin;
use IO::Handle;
use IO::Select;
use POSIX qw(setpgid WNOHANG);
use Time::HiRes qw(clock_gettime sleep CLOCK_MONOTONIC);
use Machines;

my $LIMIT = 60;			# seconds a case may take
my $QUIET = 0.5;		# a panic is over when nothing comes for this
my $PARALLEL = 2;		# emulators at a time
my $MAX_CONSOLE = 1 << 20;	# a guest that prints more runs away
my $TAIL = 20;			# lines of console shown after a failure

my %running;			# by process id

sub now { return clock_gettime(CLOCK_MONOTONIC) }

# No case can be run: one test, which fails with one line.
sub bail {
	print "1..1\nnot ok 1 - $_[0]\n";
	print STDERR "# $_[0]\n";
	exit 1;
}

# new(ARCH): the cases to come are of this architecture; to be called from
# md-ARCH/proof.
sub new {
	my ($class, $arch) = @_;
	my $top = dirname(dirname($FindBin::Bin));
	my $self = bless { arch => $arch, cases => [],
	    dir => File::Temp->newdir }, $class;
	my $table;

	STDOUT->autoflush;
	for my $sig (qw(HUP INT TERM PIPE)) {
		$SIG{$sig} = sub { exit 1 };	# END ends the emulators
	}
	eval { $table = Machines::load($top, $arch); 1 } or
	    bail($@ =~ s/\n.*//sr);
	$self->{table} = $table;
	$self->{kernel} = File::Spec->abs2rel("$top/obj/$arch/mp/" .
	    $table->{kernel});
	bail("no $self->{kernel}: `make kernels' first")
	    unless -s $self->{kernel};
	$self->{qemu} = find_qemu($table->{qemu});
	return $self;
}

# Which QEMU, as the boot runner has it: QEMU= is a file or a folder, and
# what it names may serve another architecture.
sub find_qemu {
	my ($want) = @_;
	my $named = $ENV{QEMU} // '';

	if ($named eq '' || ($named !~ m{/} && ! -d $named)) {
		my $name = $named eq '' ? $want : $named;
		my ($dir) = grep { -x "$_/$name" && ! -d "$_/$name" }
		    File::Spec->path;

		bail("no $name in PATH (./setup installs it)")
		    unless defined $dir;
		$named = $dir;
	}
	$named = dirname($named) unless -d $named;
	bail("QEMU=" . ($ENV{QEMU} // '') . ": no $want there")
	    unless -x "$named/$want" && ! -d "$named/$want";
	return "$named/$want";
}

# A file of the bytes given that lasts as long as the cases do.
sub file {
	my ($self, $bytes) = @_;
	my $name = "$self->{dir}/" . ++$self->{files};

	open my $fh, '>:raw', $name or bail("cannot write $name: $!");
	print $fh $bytes;
	close $fh or bail("cannot write $name: $!");
	return $name;
}

# The arguments that put bytes at an address of the guest.
sub load {
	my ($self, $bytes, $addr) = @_;

	return ('-device', sprintf 'loader,file=%s,addr=0x%x,force-raw=on',
	    $self->file($bytes), $addr);
}

sub machine_args {
	my ($self, $machine) = @_;
	my $t = $self->{table};

	$machine //= $t->{default};
	$machine = $t->{machine}{$machine}{args} unless ref $machine;
	return (@{$t->{common}}, Machines::arguments($machine, $t->{cpu}[0]));
}

sub case {
	my ($self, %case) = @_;

	$case{says} = [ref $case{says} eq 'ARRAY' ? @{$case{says}} :
	    $case{says} // ()];
	push @{$self->{cases}}, \%case;
}

# Run what was listed, or of that what the arguments are words of, and print
# the verdicts in the order of the list.  Returns the exit status.
sub run {
	my ($self, @words) = @_;
	my @cases = grep {
		my $name = $_->{name};
		!grep { index($name, $_) < 0 } @words;
	} @{$self->{cases}};
	my ($next, $shown, $failed) = (0, 0, 0);

	print "1..", scalar @cases, "\n";
	while ($shown < @cases) {
		while ($next < @cases && keys %running < $PARALLEL) {
			$self->start($cases[$next++]);
		}
		$self->watch;
		while ($shown < $next && $cases[$shown]{over}) {
			$failed += $self->report($cases[$shown], $shown + 1);
			$shown++;
		}
	}
	return $failed ? 1 : 0;
}

sub start {
	my ($self, $case) = @_;
	my @command = ($self->{qemu}, $self->machine_args($case->{machine}),
	    @{$case->{args}});

	pipe my $from, my $to or bail("pipe: $!");
	@$case{qw(out from begun last)} = ('', $from, now(), now());
	$case->{command} = \@command;
	defined(my $pid = fork) or bail("fork: $!");
	if ($pid == 0) {
		$SIG{$_} = 'DEFAULT' for qw(HUP INT TERM PIPE);
		setpgid(0, 0);
		%running = ();
		open STDIN, '<', '/dev/null';
		open STDOUT, '>&', $to;
		open STDERR, '>&', $to;
		{ no warnings 'exec'; exec { $command[0] } @command; }
		syswrite STDERR, "cannot run $command[0]: $!\n";
		POSIX::_exit(127);
	}
	setpgid($pid, $pid);
	$case->{pid} = $pid;
	$running{$pid} = $case;
}

# Read what has come, and end what is decided.
sub watch {
	my ($self) = @_;
	my %by = map { $_->{from} => $_ } grep { $_->{from} } values %running;
	my $from = IO::Select->new(map { $_->{from} } values %by);

	sleep 0.05 unless $from->count;
	for my $fh ($from->can_read(0.05)) {
		my $case = $by{$fh};

		if (sysread $fh, my $bytes, 65536) {
			$case->{out} .= $bytes;
			$case->{last} = now();
		} else {
			$case->{from} = undef;
		}
	}
	for my $case (values %running) {
		next unless reaped($case) && !$case->{from} ||
		    $self->decided($case);
		stop($case);
	}
}

# Has it been seen how the boot comes out?
sub decided {
	my ($self, $case) = @_;

	$self->look($case);
	return 1 if defined $case->{began} && !defined $case->{ends};
	return 1 if $case->{panics} && now() - $case->{last} > $QUIET;
	$case->{hang} = 1 if now() - $case->{begun} > $LIMIT;
	$case->{runaway} = 1 if length $case->{out} > $MAX_CONSOLE;
	return $case->{hang} || $case->{runaway};
}

# What there is to see in whole lines.
sub look {
	my ($self, $case) = @_;
	my ($whole) = $case->{out} =~ /\A(.*\n)/s;

	$whole = ($whole // '') =~ s/\r//gr;
	$case->{lines} = [split /\n/, $whole];
	($case->{began}) = $whole =~
	    /==== portkit begin arch=\Q$self->{arch}\E cpus=(\d+) ====$/m;
	my @panics = $whole =~ /^panic: (.*)$/mg;
	$case->{panics} = @panics ? \@panics : undef;
}

sub reaped {
	my ($case) = @_;

	$case->{status} = $? if !defined $case->{status} &&
	    waitpid($case->{pid}, WNOHANG) == $case->{pid};
	return defined $case->{status};
}

# End the emulator, and whatever it has started.
sub stop {
	my ($case) = @_;

	$case->{killed} = 1 unless reaped($case);
	kill 'KILL', -$case->{pid};
	for (1 .. 100) {
		last if reaped($case);
		sleep 0.02;
	}
	delete $running{$case->{pid}};
	$case->{took} = now() - $case->{begun};
	$case->{over} = 1;
}

END {
	my $status = $?;

	stop($_) for values %running;
	$? = $status;
}

# How the boot came out, in words.
sub outcome {
	my ($case) = @_;

	return "it panicked: $case->{panics}[0]" if $case->{panics};
	return "the suite began with cpus=$case->{began}"
	    if defined $case->{began};
	return "it hangs: nothing decided in $LIMIT s" if $case->{hang};
	return "its console runs away" if $case->{runaway};
	return "QEMU ended with status " . ($case->{status} >> 8) .
	    ($case->{status} & 127 ? ", signal " . ($case->{status} & 127) :
	    ", the machine was reset (triple fault?) or switched off");
}

sub problems {
	my ($self, $case) = @_;
	my @bad;

	$self->look($case);
	my $out = join "\n", @{$case->{lines}};
	my ($first, $second) = @{$case->{panics} // []};
	my @should;

	push @should, "begin the suite with cpus=$case->{cpus}"
	    if defined $case->{cpus};
	push @should, "panic with $case->{panic}" if defined $case->{panic};
	push @should, "end with status $case->{ends}" if defined $case->{ends};
	push @bad, "should " . join(' or ', @should) . ', but ' .
	    outcome($case) unless
	    defined $case->{panic} && defined $first &&
	    $first =~ /\Acpu\d+: .*$case->{panic}/ ||
	    defined $case->{cpus} && !defined $first &&
	    defined $case->{began} && $case->{began} == $case->{cpus} ||
	    defined $case->{ends} && !defined $first && !$case->{killed} &&
	    $case->{status} == $case->{ends} << 8;
	push @bad, "should panic once, but then: $second" if defined $second;
	my $told = $self->{table}{status};
	push @bad, 'END-1: after a panic the machine\'s exit status is ' .
	    ($case->{status} >> 8) . ', which does not say failed'
	    if $told && defined $first && !$case->{killed} &&
	    ($told->{$case->{status} >> 8} // '') ne 'failed';
	for my $say (@{$case->{says}}) {
		push(@bad, $say->($out)), next if ref $say eq 'CODE';
		push @bad, "should say $say, and does not" if $out !~ $say;
	}
	return @bad;
}

sub report {
	my ($self, $case, $n) = @_;
	my @bad = $self->problems($case);
	my @tail = @{$case->{lines}};
	my $fh = @bad ? *STDERR : *STDOUT;

	print @bad ? 'not ' : '', "ok $n - $case->{name}\n";
	return 0 unless @bad || $ENV{TEST_VERBOSE};
	print $fh "# $case->{name}",
	    $case->{clause} ? " ($case->{clause})" : '', "\n" if @bad;
	print $fh "#   $_\n" for @bad;
	printf $fh "#   after %.2f s, QEMU %s; the end of its console:\n",
	    $case->{took}, $case->{killed} ? 'killed' : 'ended with status ' .
	    ($case->{status} >> 8);
	splice @tail, 0, @tail - $TAIL if @tail > $TAIL;
	print $fh map { '#   | ' . s/\t/    /gr =~ s/[^\x20-\x7e]/?/gr . "\n" }
	    @tail;
	return @bad ? 1 : 0;
}

#
# Device trees: read into nodes, changed, and written again.  A node is
# { name, props => [[name, bytes], ...], kids => [node, ...] }.  The format
# is that of the Devicetree Specification v0.4, chapter 5.
#

use constant { BEGIN_NODE => 1, END_NODE => 2, PROP => 3, NOP => 4,
    FDT_END => 9 };

sub fdt_read {
	my ($blob) = @_;
	my (undef, undef, $at, $strings) = unpack 'N4', $blob;
	my $top = { kids => [] };
	my @above = ($top);

	for (;;) {
		my $token = unpack "\@$at N", $blob;

		$at += 4;
		if ($token == BEGIN_NODE) {
			my $node = { name => unpack("\@$at Z*", $blob),
			    props => [], kids => [] };

			$at += length($node->{name}) + 4 & ~3;
			push @{$above[-1]{kids}}, $node;
			push @above, $node;
		} elsif ($token == END_NODE) {
			pop @above;
		} elsif ($token == PROP) {
			my ($len, $off) = unpack "\@$at N2", $blob;

			push @{$above[-1]{props}},
			    [unpack('@' . ($strings + $off) . ' Z*', $blob),
			    substr($blob, $at + 8, $len)];
			$at += 8 + $len + 3 & ~3;
		} elsif ($token != NOP) {
			return $top->{kids}[0];
		}
	}
}

sub pad4 { return $_[0] . "\0" x (-length($_[0]) & 3) }

sub fdt_node {
	my ($node, $strings, $offset) = @_;
	my $s = pad4(pack 'N Z*', BEGIN_NODE, $node->{name});

	for my $p (@{$node->{props}}) {
		if (!defined $offset->{$p->[0]}) {
			$offset->{$p->[0]} = length $$strings;
			$$strings .= "$p->[0]\0";
		}
		$s .= pad4(pack('N3', PROP, length $p->[1],
		    $offset->{$p->[0]}) . $p->[1]);
	}
	$s .= fdt_node($_, $strings, $offset) for @{$node->{kids}};
	return $s . pack 'N', END_NODE;
}

# fdt_write(ROOT, key => value): keys are the fields of the header, and
# `structure', `strings' and `reservations', each the bytes of that block.
sub fdt_write {
	my ($root, %lie) = @_;
	my $strings = '';
	my $structure = $lie{structure} //
	    fdt_node($root, \$strings, {}) . pack 'N', FDT_END;
	my $rsv = $lie{reservations} // "\0" x 16;
	my $at = 40 + length $rsv;
	my $size = $at + length($structure) + length $strings;

	return pack('N10', $lie{magic} // 0xd00dfeed, $lie{totalsize} // $size,
	    $lie{off_dt_struct} // $at,
	    $lie{off_dt_strings} // $at + length $structure,
	    $lie{off_mem_rsvmap} // 40, $lie{version} // 17,
	    $lie{last_comp_version} // 16, 0,
	    $lie{size_dt_strings} // length $strings,
	    $lie{size_dt_struct} // length $structure) .
	    $rsv . $structure . $strings;
}

# The node at a path; names without their unit address will do.
sub fdt_find {
	my ($node, $path) = @_;

	for my $name (split m{/}, $path =~ s{\A/}{}r) {
		($node) = grep { $_->{name} =~ /\A\Q$name\E(?:@|\z)/ }
		    @{$node->{kids}};
		die "no $path in the device tree\n" unless $node;
	}
	return $node;
}

# Set a property; without a value, drop it.
sub fdt_set {
	my ($node, $name, $value) = @_;
	my ($old) = grep { $_->[0] eq $name } @{$node->{props}};

	if (!defined $value) {
		@{$node->{props}} = grep { $_->[0] ne $name }
		    @{$node->{props}};
	} elsif ($old) {
		$old->[1] = $value;
	} else {
		push @{$node->{props}}, [$name, $value];
	}
}

sub fdt_get {
	my ($node, $name) = @_;

	return (map { $_->[0] eq $name ? $_->[1] : () } @{$node->{props}})[0];
}

# For `says': the RAM that the kernel takes is that, begin and end, to a page;
# but not what lies between a second begin and end, if these are given.
sub takes {
	my ($begin, $end, @not) = @_;

	return sub {
		my ($line) = $_[0] =~ /^memory:((?: 0x[0-9a-f]+-0x[0-9a-f]+)+)/m
		    or return 'no line says what memory is taken';
		my @pieces = map { [map { hex } split /-/] } split ' ', $line;

		return ("the memory taken does not begin at " .
		    sprintf '0x%x', $begin) if $pieces[0][0] != $begin;
		return ("the memory taken does not end at " .
		    sprintf '0x%x', $end) if $pieces[-1][1] != $end;
		while (my ($from, $to) = splice @not, 0, 2) {
			return (sprintf 'memory is taken from 0x%x-0x%x, ' .
			    'which is not to be had', $from, $to)
			    if grep { $_->[0] < $to && $from < $_->[1] }
			    @pieces;
		}
		return;
	};
}

# Drop the child nodes of a name without unit address.
sub fdt_drop {
	my ($node, $name) = @_;

	@{$node->{kids}} = grep { $_->{name} !~ /\A\Q$name\E(?:@|\z)/ }
	    @{$node->{kids}};
}

1;
