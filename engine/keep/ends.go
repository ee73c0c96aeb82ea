package keep

import "container/heap"

// ends orders the pairs that expire by when they do.
type ends struct{ list endList }

func (e *ends) add(p *pair) {
	if p.until != 0 {
		heap.Push(&e.list, p)
	}
}

func (e *ends) drop(p *pair) {
	if p.index >= 0 {
		heap.Remove(&e.list, p.index)
	}
}

func (e *ends) first() *pair {
	if len(e.list) == 0 {
		return nil
	}
	return e.list[0]
}

type endList []*pair

func (l endList) Len() int           { return len(l) }
func (l endList) Less(i, j int) bool { return l[i].until < l[j].until }
func (l endList) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].index, l[j].index = i, j
}
func (l *endList) Push(x any) {
	p := x.(*pair)
	p.index = len(*l)
	*l = append(*l, p)
}
func (l *endList) Pop() any {
	old := *l
	p := old[len(old)-1]
	old[len(old)-1], p.index = nil, -1
	*l = old[:len(old)-1]
	return p
}
