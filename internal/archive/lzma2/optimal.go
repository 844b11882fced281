// SPDX-License-Identifier: Apache-2.0

package lzma2

// maxPath is how many bytes the parser looks at before it decides, at most.
const maxPath = 4096

// node is a place that the parser can come to, by the cheapest way it knows.
type node struct {
	price uint32
	dist  uint32 // of the operation that ends here, as in operation
	len   uint16
	// extra is 0, or says that two operations more belong to this step:
	// with 1 a literal comes before the repetition that ends here, and above
	// that a match or repetition of extra - 1 bytes at dist, and a literal.
	extra uint16

	state state
	reps  [reps]uint32
}

// optimal is a parser that looks for the cheapest way through the next bytes, at
// the prices that the coder has now, as LZMA's encoders have done since 2001:
// it keeps one way to a place only, so it tries "match, literal, same distance
// again" as one step too.
type optimal struct {
	text    []byte
	end     int // of the segment
	matches matches
	prices  prices
	used    int // operations since the prices were computed
	nodes   [maxPath + 2*maxMatch + 8]node
	ops     []operation // of the last path, in order
}

// pricesLast is for how many operations prices are used before they are
// computed again.
const pricesLast = 128

// next implements [parser].
func (p *optimal) next(c *coder, at int) []operation {
	if p.used >= pricesLast {
		p.prices.update(&c.model)
		p.used = 0
	}
	ops := p.search(c, at)
	p.used += len(ops)
	return ops
}

func (p *optimal) search(c *coder, at int) []operation {
	n := &p.nodes
	n[0] = node{state: c.state, reps: c.reps}
	last := 0 // the farthest node with a price
	p.ops = p.ops[:0]
	for cur := 0; ; cur++ {
		here := &n[cur]
		if cur > 0 {
			p.arrive(cur)
		}
		pos := at + cur
		room := p.end - pos
		if room == 0 || cur == last && cur > 0 || cur >= maxPath {
			return p.path(cur)
		}
		list := p.matches.at(pos)
		limit := min(room, maxMatch)

		// Long matches end the path.
		var repLen [reps]int
		for i, dist := range here.reps {
			repLen[i] = repeated(p.text, pos, dist, limit)
			if repLen[i] == maxMatch {
				return append(p.path(cur), operation{uint32(i), uint32(repLen[i])})
			}
		}
		longest := 0
		if k := len(list); k > 0 {
			if longest = list[k-1].len(pos, limit); longest == maxMatch {
				return append(p.path(cur), operation{list[k-1].dist + reps, uint32(longest)})
			}
		}
		last = p.grow(last, cur+max(longest, repLen[0], repLen[1], repLen[2], repLen[3], 1))
		last = p.literal(c, cur, last, pos, limit)
		last = p.repetitions(c, cur, last, pos, limit, &repLen)
		last = p.pairs(c, cur, last, pos, limit, list, repLen[0])
	}
}

// grow makes the nodes up to that at to known, as out of reach.
func (p *optimal) grow(last, to int) int {
	for last < to {
		last++
		p.nodes[last].price = noPath
	}
	return last
}

// arrive finds the state and the distances after the way to a node.
func (p *optimal) arrive(cur int) {
	n := &p.nodes[cur]
	from := &p.nodes[cur-int(n.len)-int(n.extra)]
	switch {
	case n.dist == literalOp:
		n.state, n.reps = from.state.literal(), from.reps
	case n.len == 1:
		n.state, n.reps = from.state.shortRep(), from.reps
	case n.extra == 1:
		n.state, n.reps = 8, from.reps
	default:
		if n.dist < reps {
			n.state, n.reps = from.state.rep(), toFront(from.reps, n.dist)
		} else {
			n.state = from.state.match()
			n.reps = [reps]uint32{n.dist - reps, from.reps[0], from.reps[1], from.reps[2]}
		}
		if n.extra > 1 {
			n.state = 8 // a repetition after a literal
		}
	}
}

// path returns the operations that lead to a node.
func (p *optimal) path(cur int) []operation {
	for at := cur; at > 0; {
		n := &p.nodes[at]
		switch {
		case n.extra == 0:
			p.ops = append(p.ops, operation{n.dist, uint32(n.len)})
		case n.extra == 1:
			p.ops = append(p.ops, operation{0, uint32(n.len)}, operation{literalOp, 1})
		default:
			p.ops = append(p.ops, operation{0, uint32(n.len)}, operation{literalOp, 1}, operation{n.dist, uint32(n.extra) - 1})
		}
		at -= int(n.len) + int(n.extra)
	}
	for i, j := 0, len(p.ops)-1; i < j; i, j = i+1, j-1 {
		p.ops[i], p.ops[j] = p.ops[j], p.ops[i]
	}
	return p.ops
}

// repeated returns how many bytes repeat at a distance; 0 for less than two.
func repeated(text []byte, pos int, dist uint32, limit int) int {
	from := pos - int(dist) - 1
	if from < 0 {
		return 0
	}
	a, b := text[pos:], text[from:]
	if a[0] != b[0] || limit < minMatch || a[1] != b[1] {
		return 0
	}
	return common(text, pos, from, 2, limit)
}

// literal tries a literal, a short repetition, and a literal with a repetition
// after it.
func (p *optimal) literal(c *coder, cur, last, pos, limit int) int {
	here := &p.nodes[cur]
	before, match := byte(0), byte(0)
	if pos > 0 {
		before = p.text[pos-1]
	}
	b := p.text[pos]
	from := pos - int(here.reps[0]) - 1
	if from >= 0 {
		match = p.text[from]
	}
	price := here.price + c.isMatch[here.state].price0()
	if here.state < litStates {
		price += literalPrice(c.literal(before), b)
	} else {
		price += matchedLiteralPrice(c.literal(before), b, match)
	}
	next := &p.nodes[cur+1]
	isLiteral := price < next.price
	if isLiteral {
		next.price, next.dist, next.len, next.extra = price, literalOp, 1, 0
	}
	if from < 0 {
		return last
	}
	if b == match {
		short := here.price + c.isMatch[here.state].price1() + c.isRep[here.state].price1() +
			c.isRep0[here.state].price0() + c.isRep0Long[here.state].price0()
		if short < next.price {
			next.price, next.dist, next.len, next.extra = short, 0, 1, 0
		}
		return last
	}
	// What differs is over after this byte.
	if limit > minMatch {
		after := repeated(p.text, pos+1, here.reps[0], min(limit-1, maxMatch))
		if after >= minMatch {
			s := here.state.literal()
			price += p.rep0(c, s) + p.prices.rep[after]
			last = p.grow(last, cur+1+after)
			p.better(cur+1+after, price, 0, after, 1)
		}
	}
	return last
}

// rep0 is the price of a long repetition of the last distance, without that of
// its length.
func (p *optimal) rep0(c *coder, s state) uint32 {
	return c.isMatch[s].price1() + c.isRep[s].price1() + c.isRep0[s].price0() + c.isRep0Long[s].price1()
}

func (p *optimal) better(at int, price, dist uint32, n, extra int) {
	if to := &p.nodes[at]; price < to.price {
		to.price, to.dist, to.len, to.extra = price, dist, uint16(n), uint16(extra)
	}
}

// repetitions tries the distances that are remembered.
func (p *optimal) repetitions(c *coder, cur, last, pos, limit int, repLen *[reps]int) int {
	here := &p.nodes[cur]
	s := here.state
	base := here.price + c.isMatch[s].price1() + c.isRep[s].price1()
	for i, n := range repLen {
		if n == 0 {
			continue
		}
		price := base
		switch i {
		case 0:
			price += c.isRep0[s].price0() + c.isRep0Long[s].price1()
		case 1:
			price += c.isRep0[s].price1() + c.isRep1[s].price0()
		default:
			price += c.isRep0[s].price1() + c.isRep1[s].price1() + c.isRep2[s].price(uint32(i)-2)
		}
		for l := minMatch; l <= n; l++ {
			p.better(cur+l, price+p.prices.rep[l], uint32(i), l, 0)
		}
		last = p.andAgain(c, cur, last, pos, limit, n, price+p.prices.rep[n], uint32(i), here.reps[i], s.rep())
	}
	return last
}

// andAgain tries to go on, after a match or repetition of n bytes that led to
// state s, with a literal and the same distance.
func (p *optimal) andAgain(c *coder, cur, last, pos, limit, n int, price, op, dist uint32, s state) int {
	if n+1+minMatch > p.end-pos {
		return last
	}
	at, from := pos+n, pos+n-int(dist)-1
	after := repeated(p.text, at+1, dist, min(p.end-at-1, maxMatch))
	if after == 0 {
		return last
	}
	price += c.isMatch[s].price0() + matchedLiteralPrice(c.literal(p.text[at-1]), p.text[at], p.text[from])
	s = s.literal()
	price += p.rep0(c, s) + p.prices.rep[after]
	last = p.grow(last, cur+n+1+after)
	p.better(cur+n+1+after, price, op, after, n+1)
	return last
}

// pairs tries the matches that were found, each at the lengths that no nearer
// one has.
func (p *optimal) pairs(c *coder, cur, last, pos, limit int, list []match, rep0 int) int {
	here := &p.nodes[cur]
	s := here.state
	base := here.price + c.isMatch[s].price1() + c.isRep[s].price0()
	l := minMatch
	for _, m := range list {
		n := m.len(pos, limit)
		if n <= rep0 { // a repetition costs less
			l = max(l, n+1)
			continue
		}
		l = max(l, rep0+1)
		for ; l <= n && l < minMatch+lenStates-1; l++ {
			p.better(cur+l, base+p.prices.match[l]+p.prices.distance(l-minMatch, m.dist), m.dist+reps, l, 0)
		}
		if l > n {
			continue
		}
		far := base + p.prices.distance(lenStates-1, m.dist)
		to, op, lens := p.nodes[cur+l:cur+n+1], m.dist+reps, p.prices.match[l:n+1]
		for i := range to {
			if price := far + lens[i]; price < to[i].price {
				to[i].price, to[i].dist, to[i].len, to[i].extra = price, op, uint16(l+i), 0
			}
		}
		l = n + 1
		last = p.andAgain(c, cur, last, pos, limit, n, far+p.prices.match[n], op, m.dist, s.match())
	}
	return last
}

// begin makes the parser ready for the segment from at to end of a window.
func (p *optimal) begin(w *window, at, end int) {
	p.text, p.end, p.used = w.text, end, pricesLast
	p.matches.reset(w, at, end)
}
