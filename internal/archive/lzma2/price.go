// SPDX-License-Identifier: Apache-2.0

package lzma2

// Prices are in units of 1/16 of a bit.
const (
	priceShift = 4
	// priceBucket is how many of a probability's bits a price does not look at.
	priceBucket = 4
	noPath      = 1 << 30 // more than any path costs
)

// bitPrices has the price of a bit of value 0 by its probability.
var bitPrices = func() (t [1 << (probBits - priceBucket)]uint8) {
	for i := range t {
		// The logarithm by squaring, a bit of it at a time.
		w, price := uint32(i)<<priceBucket+1<<(priceBucket-1), 0
		for range priceShift {
			w *= w
			for price <<= 1; w >= 1<<16; price++ {
				w >>= 1
			}
		}
		t[i] = uint8(probBits<<priceShift - 15 - price)
	}
	return t
}()

// price is that of a bit, 0 or 1.
func (p prob) price(bit uint32) uint32 {
	return uint32(bitPrices[(uint32(p)^-bit&(1<<probBits-1))>>priceBucket&(1<<(probBits-priceBucket)-1)])
}

func (p prob) price0() uint32 { return uint32(bitPrices[p>>priceBucket&(1<<(probBits-priceBucket)-1)]) }
func (p prob) price1() uint32 {
	return uint32(bitPrices[(p^(1<<probBits-1))>>priceBucket&(1<<(probBits-priceBucket)-1)])
}

// treePrice is what tree costs.
func treePrice(probs []prob, value uint32, bits int) (sum uint32) {
	at := uint32(1)
	for bits--; bits >= 0; bits-- {
		bit := value >> bits & 1
		sum += probs[at].price(bit)
		at = at<<1 | bit
	}
	return sum
}

// reverseTreePrice is what reverseTree costs.
func reverseTreePrice(probs []prob, value uint32, bits int) (sum uint32) {
	at := uint32(1)
	for range bits {
		bit := value & 1
		value >>= 1
		sum += probs[at].price(bit)
		at = at<<1 | bit
	}
	return sum
}

// literalPrice is what the bits of c cost after other literals.
func literalPrice(probs *[0x300]prob, c byte) (sum uint32) {
	at := uint32(c) | 0x100
	for at > 1 {
		sum += probs[at>>1].price(at & 1)
		at >>= 1
	}
	return sum
}

// matchedLiteralPrice is what matchedLiteral costs.
func matchedLiteralPrice(probs *[0x300]prob, c, match byte) (sum uint32) {
	offset, matched, at := uint32(0x100), uint32(match), uint32(c)|0x100
	for at < 0x10000 {
		matched <<= 1
		sum += probs[offset+matched&offset+at>>8].price(at >> 7 & 1)
		at <<= 1
		offset &^= matched ^ at
	}
	return sum
}

// prices are what the parser looks up instead of adding up bits. They are
// brought up to date now and then only.
type prices struct {
	match, rep [maxMatch + 1]uint32
	slot       [lenStates][slots]uint32 // with direct bits
	dist       [lenStates][fullDistances]uint32
	align      [1 << alignBits]uint32
}

func (p *prices) update(m *model) {
	lengthPrices(&p.match, &m.match)
	lengthPrices(&p.rep, &m.rep)
	for i := range p.align {
		p.align[i] = reverseTreePrice(m.align[:], uint32(i), alignBits)
	}
	var special [fullDistances]uint32
	for d := uint32(firstModelSlot); d < fullDistances; d++ {
		slot := slotOf(d)
		footer := int(slot>>1) - 1
		base := (2 | slot&1) << footer
		special[d] = reverseTreePrice(m.special[base-slot:], d-base, footer)
	}
	for l := range p.slot {
		for s := range uint32(slots) {
			p.slot[l][s] = treePrice(m.slot[l][:], s, 6)
			if s >= endModelSlot {
				p.slot[l][s] += (s>>1 - 1 - alignBits) << priceShift
			}
		}
		for d := range uint32(fullDistances) {
			p.dist[l][d] = p.slot[l][slotOf(d)] + special[d]
		}
	}
}

func lengthPrices(p *[maxMatch + 1]uint32, l *lengths) {
	low, mid, high := l.choice.price0(), l.choice.price1()+l.choice2.price0(), l.choice.price1()+l.choice2.price1()
	for i := range uint32(8) {
		p[minMatch+i] = low + treePrice(l.low[:], i, 3)
		p[minMatch+8+i] = mid + treePrice(l.mid[:], i, 3)
	}
	for i := range uint32(maxMatch - minMatch - 16 + 1) {
		p[minMatch+16+i] = high + treePrice(l.high[:], i, 8)
	}
}

// distance returns the price of a distance for a row of lengths.
func (p *prices) distance(row int, dist uint32) uint32 {
	if dist < fullDistances {
		return p.dist[row][dist]
	}
	return p.slot[row][slotOf(dist)&(slots-1)] + p.align[dist&(1<<alignBits-1)]
}
