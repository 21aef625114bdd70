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


# The results of a matrix for those who read them: index.html, a page that
# needs nothing but itself, summary.md for a pull request, and junit.xml.
#
#	report.pl DIR
#
# DIR/cells has a folder for each cell, as matrix.pl left it, in this run or
# on another machine: folders from several make one report.

use strict;
use warnings;
use FindBin;
use JSON::PP;
use List::Util qw(max min sum0 uniq);

use constant NOT_RUN => 75;
my $MANY = 20;			# tests, or excerpts; no more of them
my $LONG = 500;			# lines of console that are shown in whole
my $AROUND = 60;		# of a longer one, around each line that is red
my ($BEFORE, $AFTER) = (14, 5);	# in a few words: what stands there
my %RANK = (failed => 0, infra => 1, passed => 2, skipped => 3);
my $JUNIT = 'TAP::Formatter::JUnit';

my ($dir) = @ARGV;
my @all;			# the records, red ones first

sub stop {
	print STDERR "report.pl: $_[0]\n";
	exit NOT_RUN;
}

sub slurp {
	my ($file) = @_;

	open my $fh, '<:raw', $file or return undef;
	local $/;
	return scalar <$fh>;
}

sub write_file {
	my ($file, $text) = @_;

	open my $fh, '>:raw', "$file.new" or
	    stop("cannot write $file.new: $!");
	print $fh $text and close $fh and rename "$file.new", $file or
	    stop("cannot write $file: $!");
}

# Names sort as people count.
sub natural { return $_[0] =~ s/(\d+)/sprintf '%06d', $1/ger }

sub read_records {
	for my $file (glob "\Q$dir\E/cells/*/record.json") {
		my $r = eval { decode_json(slurp($file)) } or
		    stop("$file is no record");

		$r->{folder} = $file =~ s{.*(cells/[^/]+)/record\.json\z}{$1}r;
		$r->{id} = $r->{cell} =~ s/[^A-Za-z0-9]+/-/gr;
		look_at($r);
		push @all, $r;
	}
	@all = map { $_->[1] } sort { $a->[0] cmp $b->[0] }
	    map { ["$RANK{$_->{status}} $_->{arch} " . natural($_->{cell}), $_] }
	    @all;
}

# Where it is red: lines of the console, with what to say of each.
sub look_at {
	my ($r) = @_;
	my ($first) = @{$r->{problems} // []};

	$r->{failures} = [grep { !$_->{ok} } @{$r->{tests}}];
	$r->{whole} = ($r->{plan} // -1) == @{$r->{tests}};
	$r->{red} = [map { $_->{line} } @{$r->{failures}}];
	return unless $r->{status} eq 'failed';
	# A panic before the first test is not among the problems.
	my ($early) = @{$r->{tests}} ? () : grep {
	    console($r)->[$_ - 1] =~ /\Apanic: / } 1 .. @{console($r)};
	$r->{why} = console($r)->[$early - 1] if defined $early;
	$r->{run_line} = $early // (($first // '') =~
	    /\(line (\d+)|at line (\d+)/ ? $1 // $2 : max(1, $r->{lines}));
	push @{$r->{red}}, $r->{run_line}
	    if !@{$r->{red}} || !$r->{whole};
	$r->{red} = [sort { $a <=> $b } uniq @{$r->{red}}];
}

sub why { return $_[0]{why} // $_[0]{verdict} =~ s/\A(?:FAIL|PASS) [^:]*: //r }

# In one phrase, for a table: the first test that failed, or what ended it.
sub first_failure {
	my ($r) = @_;
	my $t = $r->{failures}[0];

	return $t && ($r->{problems}[0] // '') =~ /tests? failed/ ?
	    "$t->{name}" : why($r);
}

sub of {
	my ($status) = @_;

	return grep { $_->{status} eq $status } @all;
}

sub count {
	my ($n, $one, $many) = @_;

	$many //= "${one}s";
	1 while $n =~ s/^(\d+)(\d{3})/$1,$2/;
	return "$n " . ($n eq '1' ? $one : $many);
}

sub seconds {
	my ($ms) = @_;
	my $s = ($ms // 0) / 1000;

	return $s < 10 ? sprintf('%.1f s', $s) : $s < 120 ?
	    sprintf('%.0f s', $s) : sprintf('%.0f min', $s / 60);
}

# The console, without what moves a cursor; a line each.
sub console {
	my ($r) = @_;
	my $text = slurp("$dir/$r->{folder}/console.txt") // '';

	return $r->{console_lines} //= [map { s/\e\[[\d;?]*[A-Za-z]//g;
	    s/[\r\x00]//g; s/([^\x20-\x7e\t])/sprintf '\\x%02x', ord $1/ge;
	    length > 400 ? substr($_, 0, 400) . '...' : $_ }
	    split /\n/, $text, -1];
}

# The lines of it from..to, as [number, text].
sub lines {
	my ($r, $from, $to) = @_;
	my $c = console($r);

	return map { [$_, $c->[$_ - 1]] }
	    max(1, $from) .. min($to, scalar @$c);
}

#
# The page
#

sub h {
	my ($text) = @_;

	my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;',
	    '"' => '&quot;');
	return ($text // '') =~ s/([&<>"])/$entity{$1}/gr;
}

sub pre_lines {
	my ($r, $id, @lines) = @_;
	my %red = map { $_ => 1 } @{$r->{red}};

	return join '', map {
		my ($n, $text) = @$_;

		defined $n ? '<span' . ($red{$n} ? ' class="at"' : '') .
		    ($id ? qq( id="$r->{id}-L$n") : '') .
		    qq( data-n="$n">) . h($text) . '</span>' :
		    '<span class="cut" data-n="">' . h($text) . '</span>';
	} @lines;
}

sub title {
	my @failed = of('failed');
	my @infra = of('infra');

	return count(scalar @failed, 'cell') . ' of ' . @all . ' failed'
	    if @failed;
	return count(scalar @infra, 'cell') . ' of ' . @all .
	    ' could not be run' if @infra;
	return 'No cell was for this machine' unless of('passed');
	return count(scalar of('passed'), 'cell passed', 'cells passed');
}

sub counts {
	my $tests = sum0 map { scalar grep { $_->{ok} && !defined $_->{skip} }
	    @{$_->{tests}} } @all;
	my @say = (count(scalar(my @p = of('passed')), 'cell') . ' passed');

	push @say, scalar(my @f = of('failed')) . ' failed';
	push @say, scalar(my @i = of('infra')) . ' could not be run'
	    if of('infra');
	push @say, scalar(my @s = of('skipped')) . ' were skipped'
	    if of('skipped');
	my $last = pop @say;
	return join(', ', @say) . " and $last. " . count($tests, 'test') .
	    ' passed in ' . seconds(sum0 map { $_->{ms}{all} // 0 } @all) .
	    ' of booted machines.';
}

sub page {
	my $css = slurp("$FindBin::Bin/page.css") //
	    stop("cannot read page.css: $!");
	my $bad = grep { $RANK{$_->{status}} < 2 } @all;
	my $date = (sort grep { defined } map { $_->{date} } @all)[-1] // '';
	my @nav = (['grid', 'Cells against tests'],
	    ($bad ? ['red', 'What is red'] : ()),
	    (of('skipped') ? ['skipped', 'Skipped'] : ()),
	    ['tools', 'What ran'],
	    (of('failed') ? ['consoles', 'Consoles'] : ()));
	my $title = h(title());

	$title = "<b>$title</b>" if $bad;
	return join '', '<!DOCTYPE html><html lang="en"><head><meta ' .
	    'charset="utf-8"><meta name="viewport" content="width=' .
	    'device-width, initial-scale=1"><title>', h(title()),
	    " - portkit matrix</title>\n<style>\n$css</style></head><body>\n",
	    '<header><p class="kicker">portkit, the matrix of boots</p>',
	    "<h1>$title</h1>\n<p class=\"lead\">", h(counts()),
	    '</p><p class="stamp">', h($date =~ tr/TZ/ /dr),
	    " UTC</p>\n<nav>", (map { qq(<a href="#$_->[0]">$_->[1]</a> ) }
	    @nav), "</nav></header>\n", grid(), ($bad ? red() : ()),
	    (of('skipped') ? skipped() : ()), tools(), consoles(),
	    '<footer>Beside this page: <code>summary.md</code>, ' .
	    '<code>junit.xml</code>, and of each cell its console, its TAP ' .
	    "and its record.</footer>\n</body></html>\n";
}

sub red {
	return '<section id="red"><h2>What is red</h2>' . by_test() .
	    '<p>A click on a command selects it.</p>' .
	    join('', map { card($_) } of('failed'), of('infra')) .
	    "</section>\n";
}

# The tests that failed, those of most cells first.
sub by_test {
	my (%cells, %first);

	for my $r (of('failed')) {
		push @{$cells{$_->{name}}}, qq(<a href="#$r->{id}-L$_->{line}">) .
		    h($r->{cell}) . '</a>' for @{$r->{failures}};
		push @{$cells{'(the run itself)'}}, qq(<a href="#$r->{id}">) .
		    h($r->{cell}) . '</a>' if defined run_problem($r);
	}
	my @names = sort { @{$cells{$b}} <=> @{$cells{$a}} || $a cmp $b }
	    keys %cells;
	return '' unless @names;
	return '<table class="plain"><thead><tr><th>test</th><th></th><th>' .
	    'cells</th></tr></thead><tbody>' . join('', map {
	    my @in = @{$cells{$_}};
	    '<tr><td class="cell">' . h($_) . '</td><td class="n">' . @in .
	    '</td><td class="cell">' . join(', ', @in[0 .. min(5, $#in)]) .
	    (@in > 6 ? ' ...' : '') . '</td></tr>' }
	    @names[0 .. min($MANY, scalar @names) - 1]) . '</tbody></table>' .
	    (@names > $MANY ? '<p>and ' . (@names - $MANY) . ' more</p>' : '');
}

# What went wrong beside tests.
sub run_problem {
	my ($r) = @_;

	return (grep { !/tests? failed: / } @{$r->{problems} // []})[0];
}

my $shown = 0;
sub card {
	my ($r) = @_;
	my $line = $r->{red}[0];
	my $n = @{$r->{failures}};
	my @tests = @{$r->{failures}}[0 .. min($n, 12) - 1];
	my $html = '<div class="card' . ($r->{status} eq 'infra' ?
	    ' not-run' : '') . qq(" id="$r->{id}"><h3 class="cell">) .
	    h($r->{cell}) . '</h3><p>' . h(why($r)) . '</p>';

	$html .= '<ul>' . join('', map { qq(<li><a href="#$r->{id}-L$_->{line}">) .
	    h($_->{name}) . '</a>' . said($_) . '</li>' } @tests) .
	    ($n > @tests ? '<li>and ' . ($n - @tests) . ' more</li>' : '') .
	    '</ul>' if $n;
	$html .= '<pre>' . pre_lines($r, 0, lines($r, $line - $BEFORE,
	    $line + $AFTER)) . '</pre>'
	    if defined $line && $shown++ < $MANY;
	$html .= '<p>Again:</p><pre class="command">' . h($r->{again}) .
	    '</pre>';
	$html .= '<p>By hand:</p><pre class="command">' . h($r->{command}) .
	    '</pre>' if defined $r->{command};
	$html .= qq(<p><a href="#$r->{id}-console">The console here</a>, ) .
	    files($r) . '</p>' if $r->{status} eq 'failed';
	return "$html</div>\n";
}

# What the kernel said of a test that failed.
sub said {
	my ($t) = @_;
	my @notes = grep { !/\A# (?:the clock is|slots in use)/ }
	    @{$t->{notes} // []};
	my ($note) = ((grep { /\.c:\d+: / } @notes), @notes);

	return defined $note ? ': <code>' . h($note =~ s/\A#\s*//r) . '</code>' :
	    '';
}

sub files {
	my ($r) = @_;

	return join ', ', map { qq(<a href="$r->{folder}/$_->[0]">$_->[1]</a>) }
	    grep { -e "$dir/$r->{folder}/$_->[0]" } ['console.txt', 'the file'],
	    ['tap', 'its TAP'], ['record.json', 'its record'];
}

# The areas of tests: what stands before the first _ of their names.
sub area {
	my ($name) = @_;
	my ($suite, $rest) = $name =~ /\A([^.]+)\.(.*)\z/ or return ['', $name];

	return [$suite, $rest =~ s/_.*//r];
}

sub grid {
	my (%seen, @areas, %suite);

	# In the order of the longest run, then of others.
	for my $r (sort { @{$b->{tests}} <=> @{$a->{tests}} } @all) {
		for my $t (@{$r->{tests}}) {
			my $area = area($t->{name});

			push @areas, $area unless $seen{"@$area"}++;
		}
	}
	my @suites = uniq map { $_->[0] } @areas;
	my $longest = max(1, map { $_->{ms}{all} // 0 } @all);
	my ($rows, $part) = ('', '');

	@areas = map { my $s = $_; grep { $_->[0] eq $s } @areas } @suites;
	my $wide = @areas + @suites + 5;

	know_areas();
	for my $r (grep { $_->{status} ne 'skipped' } @all) {
		my $p = { failed => 'Failed', infra => 'Could not be run',
		    passed => "Passed, $r->{arch}" }->{$r->{status}};

		$rows .= qq(<tr class="part"><th colspan="$wide">) . h($p) .
		    "</th></tr>\n" if $p ne $part;
		$part = $p;
		$rows .= row($r, \@areas, $longest);
	}
	my ($top, $head) = ('<tr><th></th>', '<tr><th></th>');
	for my $suite (@suites) {
		my @in = grep { $_->[0] eq $suite } @areas;

		$top .= '<th></th>' x ($top =~ /suite/ ? 1 : 0) .
		    '<th class="suite" colspan="' . @in . '">' . h($suite) .
		    '</th>';
		$head .= '<th></th>' x ($head =~ /span/ ? 1 : 0) . join '',
		    map { '<th><span>' . h($_->[1]) . '</span></th>' } @in;
	}
	$top .= '<th></th><th class="suite">run</th><th colspan="3"></th></tr>';
	$head .= '<th></th><th><span>ended</span></th><th></th><th></th><th></th></tr>';
	return '<section id="grid"><h2>Cells against tests</h2>' .
	    '<p>A row is a machine that was booted, a column an area of ' .
	    'tests. A red one opens the console where it failed.</p>' .
	    legend(['bad', 'failed, how many'], ['not', 'not reached'],
	    ['ok', 'passed'], ['some', 'passed, some skipped'],
	    ['none', 'skipped'], ['s-start', 'QEMU starts'],
	    ['s-firmware', 'firmware and kernel start'], ['s-tests', 'tests'],
	    ['s-end', 'after the end']) .
	    qq(<div class="scroll"><table class="grid"><thead>$top\n$head) .
	    "</thead><tbody>\n$rows</tbody></table></div></section>\n";
}

sub legend {
	return '<ul class="legend">' . join('', map {
	    qq(<li><i class="$_->[0]"></i>$_->[1]</li>) } @_) . '</ul>';
}

# How many tests of an area a kernel has is known from the cells that got to
# their end.
my %has;
sub know_areas {
	for my $r (grep { $_->{whole} && !$has{kind($_)} } @all) {
		$has{kind($r)}{"@{area($_->{name})}"}++ for @{$r->{tests}};
	}
}

sub row {
	my ($r, $areas, $longest) = @_;
	my (%in, $suite);
	my $red = $r->{status} eq 'failed';
	my $row = '<tr' . ($red ? ' class="red"' : '') . '><th class="cell">' .
	    ($red || $r->{status} eq 'infra' ?
	    qq(<a href="#$r->{id}">) . h($r->{cell}) . '</a>' :
	    -e "$dir/$r->{folder}/console.txt" ?
	    qq(<a href="$r->{folder}/console.txt" style="text-decoration:none">) .
	    h($r->{cell}) . '</a>' : h($r->{cell})) . '</th>';

	if ($r->{status} eq 'infra') {
		return $row . '<td class="why" colspan="' .
		    (@$areas + 7) . '">' . h(why($r)) . "</td></tr>\n";
	}
	push @{$in{"@{area($_->{name})}"}}, $_ for @{$r->{tests}};
	for my $area (@$areas) {
		$row .= '<td class="gap"></td>'
		    if defined $suite && $suite ne $area->[0];
		$suite = $area->[0];
		$row .= area_cell($r, $area, @{$in{"@$area"} // []});
	}
	$row .= '<td class="gap"></td>' . run_cell($r);
	my $ok = grep { $_->{ok} && !defined $_->{skip} } @{$r->{tests}};
	return $row . qq(<td class="n">$ok ok</td><td class="n">) .
	    seconds($r->{ms}{all}) . '</td><td>' . bar($r, $longest) .
	    "</td></tr>\n";
}

sub kind {
	my ($r) = @_;

	return join ' ', $r->{axes}{kernel} // '', $r->{cell} =~ /\bsweep\b/ ? 'sweep' : '';
}

sub area_cell {
	my ($r, $area, @tests) = @_;
	my $name = h(join '.', grep { $_ ne '' } @$area);
	my @bad = grep { !$_->{ok} } @tests;
	my @skip = grep { $_->{ok} && defined $_->{skip} } @tests;
	my $ok = @tests - @bad - @skip;

	return qq(<td class="t bad" title="$name: ) . h(join ', ', map {
	    $_->{name} } @bad) . qq( failed"><a href="#$r->{id}-L$bad[0]{line}">) .
	    @bad . '</a></td>' if @bad;
	my $left = $r->{whole} ? 0 :
	    ($has{kind($r)}{"@$area"} // 0) - @tests;
	return qq(<td class="t not" title="$name: ) . @tests . ' ok, ' .
	    "$left not reached\"></td>" if $left > 0;
	return '<td></td>' if !@tests;
	return qq(<td class="t none" title="$name: ) . @skip .
	    " skipped: " . h($skip[0]{skip}) . '"></td>' unless $ok;
	return qq(<td class="t some" title="$name: $ok ok, ) . @skip .
	    ' skipped"></td>' if @skip;
	return qq(<td class="t ok" title="$name: $ok ok"></td>);
}

sub run_cell {
	my ($r) = @_;
	my $p = run_problem($r);

	return '<td class="t ok" title="the run ended as it should"></td>'
	    unless defined $p;
	return '<td class="t bad" title="' . h($p) .
	    qq("><a href="#$r->{id}-L$r->{run_line}">!</a></td>);
}

sub bar {
	my ($r, $longest) = @_;
	my $ms = $r->{ms} // {};
	my %part = (start => $ms->{start} // 0,
	    firmware => ($ms->{begin} // 0) + ($ms->{plan} // 0),
	    tests => $ms->{tests} // 0, end => $ms->{end} // 0);
	my $all = $ms->{all} // return '';
	my $title = join ', ', map { "$_ " . seconds($part{$_}) }
	    qw(start firmware tests end);

	return qq(<div class="bar" title="$title">) . join('', map {
	    sprintf '<i class="s-%s" style="width:%.2f%%"></i>', $_,
	    100 * $part{$_} / $longest } grep { $part{$_} }
	    qw(start firmware tests end)) . '</div>';
}

sub skipped {
	my %why;

	push @{$why{why($_)}}, $_->{cell} for of('skipped');
	return '<section id="skipped"><h2>Skipped</h2><p>These cells are not ' .
	    'for the machine that ran the others.</p><table class="plain">' .
	    '<thead><tr><th>because</th><th>cells</th></tr></thead><tbody>' .
	    join('', map { '<tr><td>' . h($_) . '</td><td class="cell">' .
	    join('<br>', map { h($_) } @{$why{$_}}) . '</td></tr>' }
	    sort keys %why) . "</tbody></table></section>\n";
}

# Each version of a tool, and how many cells it ran or made.
sub versions {
	my (%n, %red);

	for my $r (grep { $_->{status} =~ /passed|failed/ } @all) {
		my %v = (QEMU => $r->{qemu}{version},
		    compiler => $r->{kernel}{compiler},
		    linker => $r->{kernel}{linker},
		    firmware => $r->{firmware}{version});

		for my $what (grep { defined $v{$_} } keys %v) {
			$n{$what}{$v{$what}}++;
			$red{$what}{$v{$what}} += $r->{status} eq 'failed';
		}
	}
	return map { my $what = $_; map { [$what, $_, $n{$what}{$_},
	    $red{$what}{$_}] } sort keys %{$n{$what}} }
	    qw(QEMU compiler linker firmware);
}

sub tools {
	return '<section id="tools"><h2>What ran</h2><p>A tool that has all ' .
	    'the red cells is worth a look.</p><table class="plain"><thead>' .
	    '<tr><th></th><th>version</th><th>cells</th><th>failed</th></tr>' .
	    '</thead><tbody>' . join('', map { "<tr><td>$_->[0]</td><td>" .
	    h($_->[1]) . "</td><td class=\"n\">$_->[2]</td><td class=\"n\">" .
	    ($_->[3] || '') . '</td></tr>' } versions()) .
	    "</tbody></table></section>\n";
}

# A long console is shown around what is red.
sub consoles {
	my $html = '';

	for my $r (of('failed')) {
		my $n = @{console($r)};
		my %show = map { $_ => 1 } 1 .. min($n, $LONG);
		my ($last, @lines) = 0;

		if ($n > $LONG) {
			%show = map { $_ => 1 } grep { $_ >= 1 && $_ <= $n }
			    1 .. 20, $n - 20 .. $n, map { $_ - $AROUND ..
			    $_ + $AROUND } @{$r->{red}};
		}
		for my $i (sort { $a <=> $b } keys %show) {
			push @lines, [undef, '... ' . ($i - $last - 1) .
			    ' lines, in the file'] if $i != $last + 1;
			push @lines, lines($r, $i, $i);
			$last = $i;
		}
		$html .= qq(<div class="console" id="$r->{id}-console"><h3 ) .
		    'class="cell">' . h($r->{cell}) . '</h3><pre class="whole" ' .
		    'tabindex="0">' . pre_lines($r, 1, @lines) .
		    "</pre></div>\n";
	}
	return $html eq '' ? '' : '<section id="consoles"><h2>Consoles of ' .
	    "the cells that failed</h2>$html</section>\n";
}

#
# For a pull request
#

sub md { return ($_[0] // '') =~ s/([|<>\\`*_\[\]])/\\$1/gr =~ s/\s+/ /gr }
sub code { return '`' . ($_[0] // '') =~ s/[`|\n]/ /gr . '`' }

sub summary {
	my @bad = (of('failed'), of('infra'));
	my $md = '### ' . (of('failed') ? 'FAIL' : of('infra') ? 'NOT RUN' :
	    'PASS') . ': ' . title() . "\n\n" . counts() . "\n";

	$md .= "\n| cell | first failure | again |\n|---|---|---|\n" .
	    join '', map { '| ' . code($_->{cell}) . ' | ' .
	    ($_->{status} eq 'infra' ? 'could not be run: ' : '') .
	    md(first_failure($_)) . ' | ' . code($_->{again}) . " |\n" } @bad
	    if @bad;
	for my $r (grep { @{$_->{red}} } @bad[0 .. min(10, scalar @bad) - 1]) {
		my $at = $r->{red}[0];

		$md .= "\n<details><summary>" . h("$r->{cell}: the console " .
		    "at line $at") . "</summary>\n\n```\n" . join('', map {
		    sprintf "%5d| %s\n", $_->[0], $_->[1] =~ s/```/''' /gr }
		    lines($r, $at - $BEFORE, $at + $AFTER)) .
		    "```\n</details>\n";
	}
	if (my @skipped = of('skipped')) {
		$md .= "\n<details><summary>" . count(scalar @skipped,
		    'cell was', 'cells were') . " skipped</summary>\n\n" .
		    join('', map { '- ' . code($_->{cell}) . ': ' .
		    md(why($_)) . "\n" } @skipped) . "\n</details>\n";
	}
	$md .= "\n<details><summary>What ran</summary>\n\n" . join('', map {
	    '- ' . md($_->[1]) . ' (' . count($_->[2], 'cell') . ")\n" }
	    versions()) . "\n</details>\n";
	return $md;
}

#
# JUnit
#

# The formatter reads the TAP that was kept.  What readers of JUnit want and
# it does not write is put in: the cell's own name, tests without a number
# that changes, what was skipped, the time it took when it ran; and a cell
# that could not be run is an error, not a failure.
sub junit {
	my @cells = grep { -e "$dir/$_->{folder}/tap" } @all;
	my ($xml, $i) = ('', -1);

	if (!eval "require $JUNIT; 1") {
		unlink "$dir/junit.xml";
		print "no junit.xml: $JUNIT is not installed (./setup --matrix)\n";
		return;
	}
	require TAP::Harness;
	delete local @ENV{qw(PERL_TEST_HARNESS_DUMP_TAP HARNESS_OPTIONS)};
	open my $out, '>', \$xml or die;
	TAP::Harness->new({ formatter_class => $JUNIT, stdout => $out,
	    exec => sub {
		my ($harness, $folder) = @_;

		open my $tap, '<', "$dir/$folder/tap" or
		    stop("$dir/$folder/tap: $!");
		return $tap;
	    } })->runtests(map { [$_->{folder}, $_->{cell}] } @cells);
	close $out;

	my ($r, %test);
	$xml =~ s{(<!\[CDATA\[.*?\]\]>)|<(testsuite|testcase|error)\b([^>]*?)(/>|></\2>|>)}{
		my ($cdata, $tag, $attr, $empty) = ($1, $2, $3,
		    ($4 // '>') ne '>');

		if (defined $cdata) {
			$cdata;
		} elsif ($tag eq 'testsuite') {
			$r = $cells[++$i];
			%test = map { $_->{n} => $_ } @{$r->{tests}};
			suite($r, $empty);
		} elsif ($tag eq 'error') {
			$empty ? '' : '<!-- error -->';
		} else {
			my ($n, $name) = $attr =~ /name="(\d+)\s*-?\s*([^"]*)"/;

			testcase($r, $test{$n // ''}, $name // 'no name', $empty);
		}
	}gsex;
	# What is left of the errors.
	$xml =~ s{<!-- error -->.*?</error>}{}gs;
	write_file("$dir/junit.xml", qq(<?xml version="1.0" encoding="UTF-8"?>\n) .
	    $xml =~ s/\A<\?xml[^>]*\?>\s*//r);
}

sub attributes {
	my @a = @_;
	my $s = '';

	while (my ($name, $value) = splice @a, 0, 2) {
		$s .= qq( $name=") . h($value) . '"' if defined $value;
	}
	return $s;
}

sub suite {
	my ($r, $empty) = @_;
	my $infra = $r->{status} eq 'infra';
	my $skip = $r->{status} eq 'skipped';
	my $run = defined run_problem($r);
	my $html = '<testsuite' . attributes(name => $r->{cell},
	    tests => @{$r->{tests}} + 1,
	    failures => @{$r->{failures}} + ($run ? 1 : 0),
	    errors => $infra ? 1 : 0, skipped => ($skip ? 1 : 0) +
	    grep({ defined $_->{skip} } @{$r->{tests}}),
	    time => sprintf('%.3f', ($r->{ms}{all} // 0) / 1000),
	    timestamp => ($r->{date} // '') =~ s/Z\z//r) . '>';
	my $name = attributes(classname => $r->{cell},
	    name => 'the cell could be run');

	$html .= "\n<testcase$name><error" . attributes(message => why($r)) .
	    '/></testcase>' if $infra;
	$html .= "\n<testcase$name><skipped" . attributes(message => why($r)) .
	    '/></testcase>' if $skip;
	return $html . ($empty ? '</testsuite>' : '');
}

sub testcase {
	my ($r, $t, $name, $empty) = @_;
	my $skip = $t && $t->{ok} && defined $t->{skip};

	return '<testcase' . attributes(classname => $r->{cell}) .
	    qq( name="$name") . attributes(time => $t && defined $t->{ms} ?
	    sprintf('%.3f', $t->{ms} / 1000) : undef) .
	    (!$empty ? '>' : !$skip ? '/>' : '><skipped' .
	    attributes(message => $t->{skip}) . '/></testcase>');
}

if (@ARGV != 1 || $dir =~ /\A-/) {
	print STDERR "usage: report.pl DIR\n";
	exit 2;
}
read_records();
stop("no record in $dir/cells") unless @all;
write_file("$dir/index.html", page());
write_file("$dir/summary.md", summary());
junit();
print join(', ', map { "$dir/$_" } 'index.html', 'summary.md',
    -e "$dir/junit.xml" ? 'junit.xml' : ()), "\n";
