#include "apps/lab/words.h"

#include <algorithm>

namespace cairn::lab {
namespace {

constexpr Word kWords[] = {
    {"Server, operator, domain",
     "The computers that carry and store, and whoever runs them. In most attacks here the operator is the attacker, "
     "or does what an attacker says. A domain is what one operator runs: the part of a name behind the @.",
     {"operator", "domain"}},
    {"Public key, private key",
     "Two long numbers that belong together. Whoever has Bob's public key can lock a message for him; only his "
     "private key opens it, and that stays on his phone unless the phone is stolen.",
     {"public key", "private key"}},
    {"To encrypt, a cipher",
     "To lock a text with a key, so that whoever lacks the key sees nothing in it; a cipher is a way to do that.",
     {"encrypt", "cipher"}},
    {"Signature",
     "A mark that only the holder of a private key can make and everybody can check.",
     {"signature", "signed", "signs "}},
    {"Directory", "The phone book of public keys: which devices belong to which name.", {"directory"}},
    {"Witnesses and auditors (Cairn)",
     "Computers of other people than the operator. Witnesses sign that everybody is shown the same directory; "
     "auditors do so too, and only after they have checked every change in it. Which of them a phone asks, and how "
     "many must sign, stands in a list that its owner gives it when a name is made; the operator may propose one. In "
     "the lab it is the lab that makes the lists, and all of them are programs on the same computer.",
     {"witness", "auditor"}},
    {"Envelope, mailbox",
     "An encrypted message as the server carries it, and where it waits until a device fetches it.",
     {"envelope", "mailbox"}},
    {"Conversation, group",
     "In Cairn a conversation of two is a group of two; in both cases each message is locked for the group's "
     "devices.",
     {"conversation", "group"}},
    {"Backup",
     "A copy of one's messages that somebody else stores, so that they come back on a new phone.",
     {"backup"}},
    {"Recovery key, \"the paper\" (Cairn)",
     "A row of letters and digits that is shown once, to be written on paper. It brings back a name.",
     {"recovery key", "paper"}},
    {"Reset (Cairn)",
     "A way to give a name to somebody who has lost all its keys: anybody may ask, and has the name after some days "
     "in which nobody called it off. A name allows none unless its owner asks for it.",
     {"reset"}},
    {"Realms (Cairn)",
     "Three machines that are meant to be run by three different parties (in the lab they are on the same "
     "computer). What opens a backup can be split among them: two parts are needed, and one is of no use.",
     {"realm"}},
    {"PIN (Cairn)",
     "A short secret that one remembers. It works only together with two realms, which count wrong tries.",
     {"PIN"}},
    {"What opens a backup of Cairn's",
     "That depends on how its owner made it. (a) Plain: the paper alone. (b) With realms: the paper and two realms. "
     "(c) With a PIN, which always means realms: the PIN and two realms, or the paper and two realms. Her own phones "
     "hold a key of it, too, which stands for the paper in (a) to (c); and she may have the part that the realms "
     "hold printed, which then stands for them. Each attack on a backup says which of the three it is.",
     {"of way ("}},
    {"Bit, byte",
     "In what size and strength are counted. A byte is eight bits, about one letter; a secret of one bit more takes "
     "twice as many tries.",
     {" bit", " byte"}},
    {"Checksum, check",
     "A checksum is a number made from a text that shows whether it was damaged; anybody can make one. A check, or "
     "seal, needs a secret key.",
     {"checksum", "seal", "a check"}},
    {"Receipt",
     "What a phone sends by itself to say that a message came or was read. A receipt of erasure is another thing: a "
     "realm's signature that it erased its part.",
     {"receipt"}},
    {"RSA",
     "The kind of public key that was used in 2014: a large number that is two primes multiplied. Whoever takes it "
     "apart has the private key.",
     {"RSA"}},
};

}  // namespace

std::span<const Word> words() { return kWords; }

bool uses(const std::string& text, const Word& word) {
  return std::any_of(word.marks.begin(), word.marks.end(),
                     [&](const char* mark) { return mark != nullptr && text.find(mark) != std::string::npos; });
}

}  // namespace cairn::lab
