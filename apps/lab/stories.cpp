#include "apps/lab/stories.h"

#include "core/base/check.h"

namespace cairn::lab {
namespace {

const char* const kGuide = "Apple, iOS Security Guide, October 2014";
const char* const kQuarkslab =
    "Quarkslab, How Apple Can Read Your iMessages and How You Can Prevent It, Hack in the Box Kuala Lumpur, October "
    "2013";
const char* const kGreen = "M. Green, Can Apple read your iMessages?, June 2013";
const char* const kGarman =
    "C. Garman, M. Green, G. Kaptchuk, I. Miers, M. Rushanan, Dancing on the Lip of the Volcano: Chosen Ciphertext "
    "Attacks on Apple iMessage, USENIX Security 2016";
const char* const kBellare =
    "M. Bellare, I. Stepanovs, Security under Message-Derived Keys: Signcryption in iMessage, EUROCRYPT 2020";
const char* const kCoull =
    "S. Coull, K. Dyer, Traffic Analysis of Encrypted Messaging Services: Apple iMessage and Beyond, 2014";
const char* const kMls = "RFC 9420, The Messaging Layer Security Protocol";
const char* const kBackup = "docs/spec/backup.md of this project: what it rests on";
const char* const kDirectory = "docs/spec/directory.md of this project: the eight conditions of an answer";

const std::vector<Story>& directory_stories() {
  static const std::vector<Story> all = {
      {"false-key",
       "A false key in the middle",
       "Whoever runs the directory answers with a key of its own. Can it read and change what two people write?",
       {"Alice's phone asks one computer which key belongs to bob, and believes the answer. In 2014 that computer was "
        "the "
        "operator's, and nothing could tell a true answer from a false one. With its own key in the answer the "
        "operator "
        "opens the message, reads it, changes it, and seals it again for bob's true key. Both phones show a normal "
        "conversation.",
        "In Cairn an answer is believed only with proofs: bob's own devices have signed for one another, and "
        "independent "
        "auditors have signed that the answer is the one that everybody gets. The lab's server tells five such lies; "
        "each is refused before anything is encrypted, and the refusal names the condition that failed."},
       {kGuide, kQuarkslab, kDirectory}},
      {"ghost-device",
       "One device more",
       "The directory adds a single device to bob's. Does anybody notice the silent copy?",
       {"A message is encrypted once for each device of a person. One more device in the list is one more copy: bob "
        "still "
        "gets his, alice sees nothing, and whoever holds the added device reads along. Nobody has to break any cipher.",
        "In Cairn a device is bob's only if one of his devices, or his recovery key, has signed for it. A device that "
        "is "
        "just written into the answer is refused."},
       {kGuide, kGreen, kDirectory}},
      {"silent-enrolment",
       "Adding a device and saying nothing",
       "The operator adds a device to a name and does not send the alert. What do the owner's devices show?",
       {"In 2014 your phone told you when a device was added to your name, because the server told your phone. A "
        "server "
        "that wants to hide a device leaves the alert out.",
        "In Cairn each device reads the name's own signed history, and compares. The lab tries twice: once as the "
        "operator "
        "alone (refused by contacts), and once with one of bob's own devices in the thief's hands, which is the most "
        "that "
        "an attacker can have. Contacts must then accept the new device, since bob's own key has signed for it; but "
        "bob's "
        "other device raises an alarm that no server can suppress."},
       {kGuide, kQuarkslab, kDirectory}},
      {"split-view",
       "Two people, two directories",
       "The operator shows alice one directory and carol another. Can anybody find out?",
       {"A lie that is told to one person alone is hard to find: everybody else sees the truth. In 2014 nothing "
        "compared "
        "what different phones were told.",
        "In Cairn the directory is one public log. A second version of it is refused unless the auditors sign it too. "
        "If "
        "every auditor and witness is in league with the operator, no check on alice's device can refuse it at once. "
        "But "
        "messages carry what their sender was shown: one unaltered message, and alice's device holds the two "
        "contradicting signatures. That is evidence which anybody can verify without a network."},
       {kDirectory, "B. Laurie, A. Langley, E. Kasper, RFC 6962, Certificate Transparency"}},
  };
  return all;
}

const std::vector<Story>& storage_stories() {
  static const std::vector<Story> all = {
      {"mud-puddle",
       "The mud puddle",
       "Drop your phone into a puddle, slip in it, and forget your password. If a clerk at the shop can still bring "
       "your "
       "messages back, so can everybody who talks the clerk into it.",
       {"The backup of 2014 was encrypted, and its key lay beside it. The password only guarded the door: with the "
        "answers "
        "to two questions the attacker sets a new one, and months of messages appear on a phone that alice has never "
        "seen. Her old private keys stay behind, bound to the old phone; the messages do not need them any more.",
        "Cairn's backup opens with a key that only its owner has: here the recovery key, on paper. In the lab the "
        "attacker holds all that the server stores and may change it. He asks for alice's name with another recovery "
        "key, and with none; he lays her backup in the place of an accomplice's own, and restores that. Then alice, "
        "who has lost her phone, types her key into a new one. Whoever loses the paper too has lost the messages: no "
        "clerk can help, and that is the price."},
       {"M. Green, Is Apple's Cloud Key Vault a crypto backdoor?, and The Mud Puddle Test, 2012 to 2016", kGuide,
        kBackup}},
      {"subpoena",
       "Hand over everything you store",
       "A court, or a thief, gets every byte that the provider has. What can be read?",
       {"In 2014 the backup set held the files, the keys of the files, and the key of those keys. Whoever has the set "
        "reads "
        "the messages.",
        "Cairn's server stores envelopes until they are fetched. The lab writes three sentences, takes every file of "
        "the "
        "server, its witnesses and auditors, and searches them. What it does find belongs into the answer too: the "
        "server "
        "knows who has a name, which mailboxes belong together, when, and in which sizes."},
       {kGuide, kGreen}},
      {"kept-copy",
       "The copy that was kept",
       "You delete your backup. The provider has kept a copy. Does it open later?",
       {"Deleting is a promise of whoever stores. In 2014 the copy opens by itself, for its key is stored in it.",
        "In Cairn the copy alone does not open. But the recovery key does not age: who has kept a copy, and gets that "
        "key later, opens it, deleted or not. The lab does just that, and the table says so. Deleting is final only "
        "where independent realms hold a part of the key and erase it; the client does not set up realms yet, and "
        "says that too when it deletes."},
       {kGuide, kBackup}},
      {"escrow",
       "Four digits and a counter",
       "The security code has four digits, and a machine counts wrong tries. Who wrote the machine's program?",
       {"Ten thousand codes are nothing for a computer; ten tries are. All safety lies in the counter, and the counter "
        "in "
        "the program of the machines that the provider bought, programmed and runs. With a program without a counter "
        "the "
        "lab tries all codes in seconds."},
       {kGuide, "M. Green, Is Apple's Cloud Key Vault a crypto backdoor?, 2016"}},
      {"confirm-file",
       "Who has this file?",
       "Somebody has a known file and asks the provider which users store it. Is there an answer?",
       {"Storage saves space if equal files are stored once. For that the key of a piece is made from the piece "
        "itself, and "
        "so whoever has the file knows its name in storage, and with it who stores it. Nothing has to be opened.",
        "In Cairn the same document, sent three times, gives three different envelopes; nothing that is stored is made "
        "from "
        "the content alone. Its approximate size remains visible."},
       {kGuide, "M. Bellare, S. Keelveedhi, T. Ristenpart, Message-Locked Encryption, EUROCRYPT 2013"}},
  };
  return all;
}

const std::vector<Story>& cipher_stories() {
  static const std::vector<Story> all = {
      {"weak-rsa",
       "A short RSA key",
       "The key of every message hangs on RSA with 1280 bits. Can it be taken apart?",
       {"An RSA key is the product of two primes; whoever finds them has the private key. The lab really does that, "
        "with a "
        "key small enough for seconds, and reads a message with what it found. For 1280 bits it shows the formula and "
        "where the public record stands. Nobody is known to have done 1280 bits; no recommendation since 2014 accepts "
        "it.",
        "Cairn encrypts to X25519 and ML-KEM-768 together. One is the elliptic curve that everybody uses, the other is "
        "made to withstand quantum computers; both would have to break."},
       {kGuide, "F. Boudot et al., Factorization of RSA-250, 2020", "NIST SP 800-131A",
        "FIPS 140-2 Implementation Guidance 7.5", "draft-connolly-cfrg-xwing-kem"}},
      {"harvest",
       "Record now, read later",
       "Somebody records all traffic for a year and then gets hold of the key. What opens?",
       {"In 2014 a phone had one encryption key for as long as it lived. Every message ever sent to it opens with that "
        "key.",
        "In Cairn each message has a key of its own, which is deleted when the message was read, and every change of a "
        "group "
        "makes new ones. The lab steals a device whole and tries the recording. What was still on its way does open, "
        "and "
        "what the device keeps to show to its owner is in the thief's hands anyhow: a stolen, opened device cannot be "
        "saved by any protocol."},
       {kGuide, kMls}},
      {"oracle",
       "A phone that answers by itself",
       "Alter an encrypted message a little, send it, and watch whether the phone fetches the attachment. Can that "
       "reveal "
       "the key?",
       {"The cipher of 2014 had no seal over the content: turn a bit of the ciphertext, and the same bit of the text "
        "turns. "
        "The signature did not help, because anybody may take it off and put their own. And the text was compressed "
        "with a "
        "checksum that changes in a way that can be computed. So the attacker guesses one digit of the key, alters it, "
        "corrects the checksum, signs, sends. If the guess was right, the phone finds everything in order and fetches "
        "the "
        "attachment. A thousand questions later the key is known, and the photo open.",
        "Cairn's envelopes have a seal: one turned bit and all of it is refused, unread. And the signature covers who "
        "sends, to which group, in which epoch."},
       {kGarman}},
  };
  return all;
}

const std::vector<Story>& traffic_stories() {
  static const std::vector<Story> all = {
      {"forge-2016",
       "Forty bits of repair",
       "The repair of 2016 puts 40 bits of a check into the key. How far does that carry?",
       {"The repair made the message key from the message: 40 bits of it must fit the text and the two names. Then a "
        "forgery "
        "is accepted once in 2^40 tries. Whoever guesses the text can turn it into another one, and a phone that "
        "accepts it "
        "confirms the guess. The lab does this with fewer bits, and says what 40 would cost. It is no attack for every "
        "day; "
        "it is a margin that nobody would choose today.",
        "In Cairn there is nothing to try: the check has 128 bits, depends on a secret key, and a signature stands "
        "behind it."},
       {kBellare, kGarman}},
      {"replay",
       "Once more",
       "Deliver an old message again, to somebody else, or under another name. What is shown?",
       {"The signature of 2014 covered the ciphertext and nothing else: no sender, no recipient, no time. The same "
        "bytes "
        "were good forever, and after a change of signature also as somebody else's.",
        "In Cairn the key of a message is deleted when it was read, so the same bytes cannot be read twice; and in "
        "another "
        "conversation, or at another person, there never was such a key."},
       {kQuarkslab, kBellare, kMls}},
      {"metadata",
       "What the envelope tells",
       "Nobody opens anything. What do sizes and times tell?",
       {"A receipt, a short text, a long one, a photo: in 2014 the size alone told most of them apart, and sender, "
        "recipient "
        "and time stood beside it in the clear.",
        "Cairn pads messages, so that short texts look alike. It does not hide which mailbox gets an envelope and "
        "when, "
        "whether it is a message or a change of the group, nor the order of magnitude of a long text. This row "
        "measures; "
        "it does not claim that nothing is left."},
       {kCoull, kGuide,
        "Padme: K. Nikitin et al., Reducing Metadata Leakage from Encrypted Files and Communication with "
        "PURBs, PETS 2019"}},
  };
  return all;
}

}  // namespace

Story story(const std::string& id) {
  for (const auto* stories : {&directory_stories(), &storage_stories(), &cipher_stories(), &traffic_stories()}) {
    for (const Story& one : *stories) {
      if (one.id == id) return one;
    }
  }
  CHECK(false);
}

}  // namespace cairn::lab
