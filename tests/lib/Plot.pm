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

# Plots for a page: gnuplot draws, what it wrote goes into the page as it is,
# but for its colours.  A colour here is a name that the page's style sheet
# defines, for a light and for a dark page (custom properties); gnuplot is
# given a number for each, and the numbers are the names again afterwards.

package Plot;

use strict;
use warnings;
use File::Temp ();
use List::Util qw(max min);

my @paints;
my %number;
# Width of a letter, against the size of the font.
my $LETTER = 0.56;

# Is there a gnuplot that runs?
sub there {
	my $said = `gnuplot --version 2>&1`;

	return ($said // '') =~ /\Agnuplot \d/;
}

# The number of a colour, for gnuplot, with more of style for a text.
sub paint {
	my ($name, $style) = @_;
	my $css = "var(--$name)" . ($style ? ";$style" : '');

	$number{$css} //= push(@paints, $css) + 0x010000 - 1;
	return $number{$css};
}

# A gnuplot string.
sub quoted {
	my ($text) = @_;

	return '"' . ($text =~ tr/"\\/'\//r =~ s/\n/\\n/gr) . '"';
}

# What the points of all plots are, once a page.
sub points {
	return <<'END';
<svg width="0" height="0" aria-hidden="true" class="points"><defs>
<circle id="disc" r="1" fill="currentColor" stroke="none"/>
<circle id="ring" r="1" fill="none" stroke="currentColor" stroke-width=".3"/>
</defs></svg>
END
}

# The picture that $script draws.  The text $alt says what it shows.
sub svg {
	my ($width, $height, $class, $alt, $script) = @_;
	my $file = File::Temp->new;

	print $file "set terminal svg size $width,$height dynamic noenhanced" .
	    " font 'sans,12' linewidth 1\nset encoding utf8\n$script";
	close $file or die "$file: $!\n";
	my $svg = `gnuplot '$file' 2>&1`;
	die "gnuplot: " . ($svg =~ /^\s*(.+)/m ? $1 : 'failed') . "\n"
	    if $? || $svg !~ s/.*?(?=<g id="gnuplot_canvas")//s;
	$svg =~ s{<defs>.*?</defs>|<title>.*?</title>}{}gs;
	$svg =~ s{ (?:id="[^"]*"|font-family="[^"]*"|color="[a-z]+")}{}g;
	$svg =~ s{ stroke="black"| shape-rendering='crispEdges'}{}g;
	$svg =~ s{(fill|stroke|color)\s*=\s*(['"])rgb\(\s*(\d+),\s*(\d+),\s*
	    (\d+)\)\2}{paint_name($1, $3 * 65536 + $4 * 256 + $5)}gex;
	$svg =~ s{xlink:href='#gpPt6'}{href="#disc"}g;
	$svg =~ s{xlink:href='#gpPt5'}{href="#ring"}g;
	$svg =~ s{<g [^<>]*>\s*</g>\s*}{}g;
	$svg =~ s/\n\s*/\n/g;
	return qq{<svg class="$class" viewBox="0 0 $width $height" role="img" } .
	    qq{aria-label="$alt">\n$svg};
}

sub paint_name {
	my ($what, $n) = @_;
	my $css = $paints[$n - 0x010000];

	return defined $css ? qq{style="$what:$css"} :
	    sprintf '%s="#%06x"', $what, $n;
}

# Rectangles [x, y, width, height, colour] and texts [x, y, text, size,
# colour, left|center|right] on a sheet, in its pixels.
sub sheet {
	my ($width, $height, $class, $alt, $boxes, $texts) = @_;
	my ($data, @plots) = ('');

	if (@$boxes) {
		$data .= join "\n", "\$boxes << E", (map {
			my ($x, $y, $w, $h, $c) = @$_;
			join ' ', $x, $y, $x, $x + $w, $y, $y + $h, $c;
		} @$boxes), "E\n";
		push @plots, '$boxes using 1:2:3:4:5:6:7 with boxxyerror ' .
		    'fs solid noborder lc rgb variable';
	}
	my %kind;
	push @{$kind{"$_->[5] $_->[3]"}}, $_ for @$texts;
	for my $kind (sort keys %kind) {
		my ($place, $size) = split ' ', $kind;
		my $name = "\$text_${place}_" . $size =~ tr/./_/r;

		$data .= join "\n", "$name << E", (map {
			join ' ', @$_[0, 1], quoted($_->[2]), $_->[4]
		} @{$kind{$kind}}), "E\n";
		push @plots, "$name using 1:2:3:4 with labels $place " .
		    "font ',$size' tc rgb variable";
	}
	return svg($width, $height, $class, $alt, $data . <<"END");
unset key; unset border; unset tics
set lmargin at screen 0; set rmargin at screen 1
set tmargin at screen 1; set bmargin at screen 0
set xrange [0:$width]; set yrange [$height:0]
plot @{[join ', ', @plots]}
END
}

sub text_width {
	my ($text, $size) = @_;

	return $LETTER * $size * length $text;
}

# Lines {label, colour, dash, points, ring} through points [x, y]: at the end
# of each is its label, which may have lines; ring is a point to mark.  $o has
# width, height, the names x and y of the axes, log for those that are
# logarithmic, and at: [x, text] of what is to be seen in it.
sub lines {
	my ($class, $alt, $o, @lines) = @_;
	my ($width, $height) = @$o{qw(width height)};
	my @all = map { @{$_->{points}} } @lines;
	my $right = 16 + max map { text_width($_, 12) }
	    map { split /\n/, $_->{label} } @lines;
	my ($left, $top, $bottom) = (44, 34, 50);
	my $xmax = max map { $_->[0] } @all;
	my %log = map { $_ => 1 } split //, $o->{log};
	my $ymax = ($log{y} ? 1.3 : 1.08) * max 1, map { $_->[1] } @all;
	my $ymin = $log{y} ? 0.8 * min map { $_->[1] || 1 } @all : 0;
	my ($ink, $dim, $rule) = map { paint($_) } qw(ink dim rule);
	my $end = 1 - $right / $width;
	my $small = "tc rgb $dim font ',11'";
	my ($xlabel, $ylabel) = map { quoted($o->{$_}) } qw(x y);
	my $script = <<"END";
unset key
set lmargin at screen @{[$left / $width]}; set rmargin at screen $end
set tmargin at screen @{[1 - $top / $height]}
set bmargin at screen @{[$bottom / $height]}
set border 1 lc rgb $dim lw 1
set grid ytics lc rgb $rule lw 1 lt 1
set xtics nomirror out scale 0.5 $small
set ytics nomirror scale 0 $small
set xrange [@{[$log{x} ? "0.93:$xmax" : '0.85:' . ($xmax + 0.15)]}]
set yrange [$ymin:$ymax]
set label $xlabel at screen $end,@{[10 / $height]} right $small
set label $ylabel at screen 0.005,@{[1 - 10 / $height]} left $small
END
	my $few = $width < 500;
	my $step = int(1 + $xmax / ($few ? 8 : 16));
	$script .= ($log{x} ? 'set logscale x 2; ' : '') . 'set xtics (' .
	    join(',', grep { $_ <= $xmax } $log{x} ?
	    map { ($few ? 4 : 2) ** $_ } 0 .. 16 :
	    (1, grep { $_ > 1 } map { $_ * $step } 1 .. $xmax)) . ")\n";
	$script .= 'set logscale y 10; set ytics (' . join(',', map {
	    my $ten = 10 ** $_; map { $_ * $ten } 1, 2, 5 } 0 .. 7) . ")\n"
	    if $log{y};
	for my $at (@{$o->{at} // []}) {
		my ($x, $text) = @$at;

		$script .= "set arrow from first $x,graph 0 to first $x," .
		    "graph 1 nohead lc rgb $dim lw 1 dt (3,5)\n" .
		    "set label @{[quoted($text)]} at first $x,graph 1 " .
		    "left offset 0.6,-0.4 tc rgb $ink font ',11.5'\n";
	}

	# Labels where the lines end, in pixels from below, apart from each
	# other.
	my $high = $height - $top - $bottom;
	my @ends = sort { $a->[0] <=> $b->[0] } map {
		my $y = $_->{points}[-1][1];

		[$bottom + $high * ($log{y} ?
		    log($y / $ymin) / log($ymax / $ymin) : $y / $ymax), $_,
		    15 * (1 + $_->{label} =~ tr/\n//)]
	} @lines;
	for (1 .. 300) {
		for my $i (1 .. $#ends) {
			my ($a, $b) = @ends[$i - 1, $i];
			my $lack = ($a->[2] + $b->[2]) / 2 - $b->[0] + $a->[0];

			next if $lack <= 0.01;
			$a->[0] -= $lack / 2;
			$b->[0] += $lack / 2;
		}
	}
	my $least = $bottom + 5;
	for (@ends) {
		$_->[0] = max $_->[0], $least;
		$least = $_->[0] + $_->[2] * 0.99;
	}
	my (@plots, @data, @over, $n);
	for (@ends) {
		my ($y, $line) = @$_;
		my ($lx, $ly) = @{$line->{points}[-1]};
		my $name = '$line' . ++$n;
		my $colour = paint($line->{colour});
		my $dash = $line->{dash} ? ' dt (10,7)' : '';
		my $rows = $line->{label} =~ tr/\n//;

		$script .= "set label @{[quoted($line->{label})]} at screen " .
		    ($width - $right + 10) / $width . ',' .
		    ($y + 6.5 * $rows) / $height . " left font ',12' tc rgb " .
		    "$colour\n";
		$script .= "set arrow from first $lx,$ly to screen " .
		    ($width - $right + 6) / $width . ',' . $y / $height .
		    " nohead lc rgb $colour lw 0.7 dt (2,6)\n"
		    if $lx < $xmax;
		push @data, "$name << E", (map { "@$_" } @{$line->{points}}),
		    'E';
		push @plots, "$name using 1:2 with lines lw 2 lc rgb " .
		    "$colour$dash", "$name using 1:2 with points pt 7 ps " .
		    ($log{x} ? 0.4 : 0.6) . " lc rgb $colour";
		next unless $line->{ring};
		push @data, "${name}r << E", "@{$line->{ring}}", 'E';
		push @over, "${name}r using 1:2 with points pt 6 ps 1.5 " .
		    "lc rgb $colour";
	}
	return svg($width, $height, $class, $alt, join "\n", @data, $script .
	    'plot ' . join(', ', @plots, @over), '');
}

1;
