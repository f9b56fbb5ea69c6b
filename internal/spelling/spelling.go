// Package spelling finds what somebody probably meant, for messages about words that
// are unknown, about texts that need quotes, and about YAML that is of another sort than
// was wanted.
package spelling

import (
	"slices"
	"strings"
)

// maxWord bounds the words that are compared, in bytes: the time grows with the
// product of their lengths, and words come from files of strangers.
const maxWord = 128

// Nearest returns the known word most like word, in any case, or nothing where
// none is near: at most two mistakes, in long words a third of the letters, and
// always fewer than either word has letters.
func Nearest(word string, known []string) string {
	if len(word) > maxWord {
		return ""
	}
	best, least := "", max(2, len(word)/3)+1
	for _, k := range known {
		if max(len(k)-len(word), len(word)-len(k)) >= least || len(k) > maxWord {
			continue
		}
		d := Mistakes(word, k)
		if d < least && d < len(k) && d < len(word) {
			best, least = k, d
		}
	}
	return best
}

// List names words for a message in their order, each once.
func List(words []string) string {
	var out []string
	for _, w := range words {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return strings.Join(out, ", ")
}

// Wanted names the known word nearest to a given one, or all of them.
func Wanted(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	if len(known) == 0 {
		return "there are none"
	}
	return "want one of " + List(known)
}

// Mistakes is the number of bytes to insert, delete, change or swap with their
// neighbour that make one word of another, in any case (optimal string alignment). It
// takes time with the product of their lengths.
func Mistakes(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	prev, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := row[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			next[j] = min(row[j]+1, next[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], prev[j-2]+1)
			}
		}
		prev, row = row, next
	}
	return row[len(b)]
}
