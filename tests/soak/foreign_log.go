// Verifies an exported log with the Go project's own implementation of signed notes and Merkle trees, none of ours.
//
// foreign_log FOLDER: FOLDER/out is the export; FOLDER/heads.json lists heads kept earlier with proofs of consistency,
// FOLDER/proofs.json leaves with proofs of inclusion. Prints what held; ends with 1 at the first that does not.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type head struct {
	Note  string   `json:"note"`
	Proof []string `json:"proof"`
}

type leaf struct {
	Index int64    `json:"index"`
	Leaf  string   `json:"leaf"`
	Proof []string `json:"proof"`
}

type tree struct {
	origin string
	size   int64
	root   tlog.Hash
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "DOES NOT HOLD:", err)
		os.Exit(1)
	}
}

func read(parts ...string) []byte {
	content, err := os.ReadFile(filepath.Join(parts...))
	must(err)
	return content
}

func open(text []byte, verifier note.Verifier) tree {
	opened, err := note.Open(text, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		must(fmt.Errorf("not a checkpoint of %s", verifier.Name()))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tree{lines[0], size, root}
}

func hashes(texts []string) []tlog.Hash {
	var found []tlog.Hash
	for _, text := range texts {
		hash, err := tlog.ParseHash(text)
		must(err)
		found = append(found, hash)
	}
	return found
}

// tiles reads C2SP tlog-tiles, whose paths leave out the height of 8 that Go's begin with.
type tiles struct{ folder string }

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		content, err := os.ReadFile(filepath.Join(t.folder, "tile", strings.TrimPrefix(tile.Path(), "tile/8/")))
		if err != nil {
			return nil, err
		}
		found = append(found, content)
	}
	return found, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func main() {
	folder := os.Args[1]
	out := filepath.Join(folder, "out")
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read(out, "key"))))
	must(err)
	newest := open(read(out, "checkpoint"), verifier)
	fmt.Printf("note: %s, %d leaves, signed by %s\n", newest.origin, newest.size, verifier.Name())

	// Every leaf of the export, and every tile, lead to the signed root.
	reader := tlog.TileHashReader(tlog.Tree{N: newest.size, Hash: newest.root}, tiles{out})
	count := int64(0)
	for at := int64(0); at < newest.size; at += 256 {
		name := fmt.Sprintf("%03d", at/256)
		if width := newest.size - at; width < 256 {
			name += fmt.Sprintf(".p/%d", width)
		}
		bundle := read(out, "tile", "entries", name)
		var indexes []int64
		var own []tlog.Hash
		for len(bundle) > 0 {
			length := int(binary.BigEndian.Uint16(bundle))
			own = append(own, tlog.RecordHash(bundle[2:2+length]))
			indexes = append(indexes, tlog.StoredHashIndex(0, count))
			bundle = bundle[2+length:]
			count++
		}
		stored, err := reader.ReadHashes(indexes)
		must(err)
		for i := range stored {
			if stored[i] != own[i] {
				must(fmt.Errorf("a leaf under tile %d", at/256))
			}
		}
	}
	if count != newest.size {
		must(fmt.Errorf("%d leaves", count))
	}
	fmt.Printf("tiles: %d leaves lead to the root\n", count)

	var heads []head
	must(json.Unmarshal(read(folder, "heads.json"), &heads))
	for _, kept := range heads {
		earlier := open([]byte(kept.Note), verifier)
		must(tlog.CheckTree(hashes(kept.Proof), newest.size, newest.root, earlier.size, earlier.root))
		proof, err := tlog.ProveTree(newest.size, earlier.size, reader)
		must(err)
		must(tlog.CheckTree(proof, newest.size, newest.root, earlier.size, earlier.root))
		fmt.Printf("consistency: the head of %d leaves is how that of %d begins\n", earlier.size, newest.size)
	}

	var leaves []leaf
	must(json.Unmarshal(read(folder, "proofs.json"), &leaves))
	for _, each := range leaves {
		record, err := base64.StdEncoding.DecodeString(each.Leaf)
		must(err)
		must(tlog.CheckRecord(hashes(each.Proof), newest.size, newest.root, each.Index, tlog.RecordHash(record)))
	}
	fmt.Printf("inclusion: %d proofs\n", len(leaves))
}
