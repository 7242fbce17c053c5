#include "apps/lab/stories.h"

#include "core/base/check.h"

namespace cairn::lab {
namespace {

const char* const kGuide = "Apple, iOS Security Guide, October 2014";
const char* const kQuarkslab =
    "Quarkslab, How Apple Can Read Your iMessages and How You Can Prevent It, Hack in the Box Kuala Lumpur, October "
    "2013";
const char* const kGreen = "M. Green, Can Apple read your iMessages?, June 2013";
const char* const kGhost =
    "I. Levy, C. Robinson, Principles for a More Informed Exceptional Access Debate, Lawfare, November 2018";
const char* const kMudPuddle =
    "M. Green, Is Apple's Cloud Key Vault a crypto backdoor?, and The Mud Puddle Test, 2012 to 2016";
const char* const kVault = "M. Green, Is Apple's Cloud Key Vault a crypto backdoor?, 2016";
const char* const kTransparency = "B. Laurie, A. Langley, E. Kasper, RFC 6962, Certificate Transparency";
const char* const kLocked = "M. Bellare, S. Keelveedhi, T. Ristenpart, Message-Locked Encryption, EUROCRYPT 2013";
const char* const kFactored = "F. Boudot et al., Factorization of RSA-250, 2020";
const char* const kSp800 = "NIST SP 800-131A";
const char* const kFips = "FIPS 140-2 Implementation Guidance 7.5";
const char* const kXwing = "draft-connolly-cfrg-xwing-kem";
const char* const kPadme =
    "Padme: K. Nikitin et al., Reducing Metadata Leakage from Encrypted Files and Communication with PURBs, PETS 2019";
const char* const kGarman =
    "C. Garman, M. Green, G. Kaptchuk, I. Miers, M. Rushanan, Dancing on the Lip of the Volcano: Chosen Ciphertext "
    "Attacks on Apple iMessage, USENIX Security 2016";
const char* const kBellare =
    "M. Bellare, I. Stepanovs, Security under Message-Derived Keys: Signcryption in iMessage, EUROCRYPT 2020";
const char* const kCoull =
    "S. Coull, K. Dyer, Traffic Analysis of Encrypted Messaging Services: Apple iMessage and Beyond, 2014";
const char* const kMls = "RFC 9420, The Messaging Layer Security Protocol";
const char* const kBackup = "docs/spec/backup.md of this project: what it rests on";
const char* const kRealm = "docs/spec/realm.md of this project: what realms hold, and what they are worth";
const char* const kDirectory = "docs/spec/directory.md of this project: the eight conditions of an answer";

const std::vector<Story>& directory_stories() {
  static const std::vector<Story> all = {
      {"false-key",
       "A false key in the middle",
       "Whoever runs the directory hands out a key of its own in the place of bob's. Can it read and change what two "
       "people write?",
       "Before alice's phone can lock a message for bob it needs his public key, and asks one computer for it: the "
       "operator's directory (its name was IDS). In 2014 the phone believed whatever came back. So the operator "
       "answers with a key of its own, opens the message with it, reads it, changes it, and locks it again with "
       "bob's true key. It signs as alice with another key of its own, which bob's phone believes for the same "
       "reason. Both phones show a normal conversation.",
       "In Cairn the phone believes an answer only with proofs: bob's own devices have signed for one another, and "
       "independent auditors have signed that everybody gets this same answer. The lab's server tells five such "
       "lies. Each is refused before anything is encrypted, and the refusal names the check that failed, one of "
       "eight.",
       "You need not trust whoever runs the server with your friends' keys. You do trust that not every auditor is "
       "in league with it; \"Two people, two directories\" shows what happens if they are.",
       {kGuide, kQuarkslab, kDirectory}},
      {"ghost-device",
       "One device more",
       "The directory adds a single device to bob's. Does anybody notice the silent copy?",
       "A message is encrypted once for each device of a person. If the directory lists one device more, alice's "
       "phone makes one copy more: bob still gets his, alice sees nothing, and whoever holds the added device reads "
       "along. No cipher has to be broken. Officials have proposed just this, under the name of a ghost user.",
       "In Cairn a device is bob's only if one of his devices, or the recovery key that he has on paper, has signed "
       "for it. A device that is just written into the answer is refused, and so is one that bob has removed.",
       "A device that none of your friend's devices has let in gets no copy of what you write.",
       {kGuide, kGreen, kGhost, kDirectory}},
      {"silent-enrolment",
       "Adding a device and saying nothing",
       "The operator adds a device to a name and does not send the alert. What do the owner's devices show?",
       "In 2014 your phone told you when a device was added to your name, because the server told your phone. A "
       "server that wants to hide a device leaves the alert out.",
       "In Cairn each device reads its own name's signed history and compares. The lab tries twice: once as the "
       "operator alone, whose device bob's contacts refuse; and once with one of bob's own devices in a thief's "
       "hands, which is the most that an attacker can have. Contacts must then accept the new device, since a true "
       "key of bob's has signed for it; but bob's other device raises an alarm, and no server can keep that from it.",
       "If somebody adds a device to your name, your own devices tell you, whatever the server wants. If it was not "
       "you, remove that device, and the one that let it in.",
       {kGuide, kQuarkslab, kDirectory}},
  };
  return all;
}

const std::vector<Story>& log_stories() {
  static const std::vector<Story> all = {
      {"split-view",
       "Two people, two directories",
       "The operator shows alice one directory and everybody else another. Can anybody find out?",
       "A lie that is told to one person alone is hard to find: everybody else sees the truth. In 2014 nothing "
       "compared what different phones were told.",
       "In Cairn the directory is one public log, a list that only grows. A second version of it is refused unless "
       "the auditors sign it too. If every auditor and witness is in league with the operator, no check on alice's "
       "phone can refuse it at once. But messages carry what their sender was shown: one unaltered message between "
       "two who were shown different things, and alice's phone holds two contradicting signatures. That is evidence "
       "which anybody can verify without a network.",
       "A lie told with every auditor's help is not stopped at once. It lasts until two people who were told "
       "different things write to each other, and then it can be proved to anybody.",
       {kDirectory, kTransparency}},
  };
  return all;
}

const std::vector<Story>& backup_stories() {
  static const std::vector<Story> all = {
      {"mud-puddle",
       "The mud puddle",
       "Drop your phone into a puddle, slip in it, and forget your password. If a clerk at the shop can still bring "
       "your messages back, so can everybody who talks the clerk into it.",
       "The backup of 2014 was encrypted, and its key lay beside it. The password only guarded the door: with the "
       "answers to two questions the attacker sets a new one, and months of messages appear on a phone that alice "
       "has never seen. Her old private keys stay behind, bound to the old phone; the messages do not need them any "
       "more.",
       "Cairn's backup opens with a key that only its owner has: here the recovery key, on paper. In the lab the "
       "attacker holds all that the server stores and may change it. He asks for alice's name with another recovery "
       "key, and with none; tries every key that he has, and all that lies beside the backup, with a program of his "
       "own; and lays her backup in the place of an accomplice's, who restores that. Then alice, who has lost her "
       "phone, types her key into a new one.",
       "Keep the paper with the recovery key. Whoever loses phone, paper and PIN has lost the messages: no clerk can "
       "help, and that is the price.",
       {kMudPuddle, kGuide, kBackup}},
      {"subpoena",
       "Hand over everything you store",
       "A court, or a thief, gets every byte that the provider has. What can be read?",
       "In 2014 the stored backup held the files, the keys of the files, and the key of those keys. Whoever has it "
       "reads the messages, without alice and without her password.",
       "Cairn's server keeps messages as closed envelopes until they are fetched. The lab writes three sentences, "
       "takes every file of the server and of its witnesses and auditors, and searches them. What it does find "
       "belongs to the answer too: the server knows who has a name, which mailboxes belong together, when, and in "
       "which sizes.",
       "What you wrote cannot be handed over by your server, for it does not have it. Who writes with whom, when, "
       "and how much, it does have.",
       {kGuide, kGreen}},
      {"kept-copy",
       "The copy that was kept",
       "You delete your backup. The provider has kept a copy. Does it open later, when your key is stolen?",
       "Deleting is a promise of whoever stores. In 2014 the copy opens by itself, for its key is stored in it; "
       "nobody has to steal anything.",
       "In Cairn the backup's key can lie in parts at three realms, machines that three different parties run; it "
       "takes two parts and alice's own key. When she deletes, the realms erase their parts and sign that they have. "
       "The lab then gives a thief everything: the kept copy, alice's recovery key, all three realms' disks as they "
       "are now, and one realm's disk from before the deletion. Only with the disks of two realms from before would "
       "the copy open, and the lab checks that too.",
       "If deleting is to be final, make your backups with realms: \"cairn pin set\", or \"cairn backup create "
       "--realms\". From a device it takes three days, in which every device of yours can call it off; with the "
       "recovery key it is done at once. Without realms a copy that was kept opens for whoever gets the recovery "
       "key.",
       {kGuide, kBackup, kRealm}},
  };
  return all;
}

const std::vector<Story>& storage_stories() {
  static const std::vector<Story> all = {
      {"escrow",
       "Few digits and a counter",
       "A code of a few digits protects everything, and a machine counts the wrong tries. Who decides what the "
       "machine does?",
       "The security code had four digits. Ten thousand codes are nothing for a computer; ten tries are. So all "
       "safety lies in the counter, and the counter in the program of machines that the provider bought, programmed "
       "and runs. With a program without a counter the lab tries all codes in seconds.",
       "In Cairn a PIN is split among three realms, run by three different parties. Each counts for itself, and "
       "stops at ten. The attacker in the lab is the operator of alice's server, who can ask the realms as often as "
       "he likes; and then he also gets one realm's whole disk. The realms tell alice's phone of each guess. Nothing "
       "is destroyed: she unlocks her PIN and goes on.",
       "A PIN of six digits is enough while at most one of your three realms is dishonest or robbed. Two of them "
       "together can try all of them within days; so take realms that have nothing to do with each other, or a "
       "longer PIN.",
       {kGuide, kVault, kRealm}},
      {"confirm-file",
       "Who has this file?",
       "Somebody has a known file and asks the provider which users store it. Is there an answer?",
       "Storage saves room if equal files are stored once. For that the key of each piece is made from the piece "
       "itself; so whoever has the file knows under which name its pieces are stored, and with that, who stores "
       "them. Nothing has to be opened.",
       "In Cairn the same document, sent three times, gives three different envelopes; nothing that is stored is "
       "made from the content alone.",
       "That you have a certain document cannot be looked up at your server. About how large a message is can be "
       "seen.",
       {kGuide, kLocked}},
  };
  return all;
}

const std::vector<Story>& cipher_stories() {
  static const std::vector<Story> all = {
      {"weak-rsa",
       "A short RSA key",
       "The key of every message hangs on one large number (RSA, 1280 bits). Can it be taken apart?",
       "The number is the product of two primes that only bob's phone knows; whoever finds them has his private key. "
       "The lab really does that, with a number small enough for seconds, and reads a message with what it found. "
       "For 1280 bits it shows the formula and where the public record stands. Nobody is known to have done 1280 "
       "bits; no recommendation since 2014 accepts it.",
       "Cairn has no such number. It encrypts to two kinds of public keys together: X25519, the elliptic curve that "
       "most of the web uses, and ML-KEM-768, made to withstand quantum computers. Both would have to break. The lab "
       "looks at every key that the server holds for others to encrypt to.",
       "What is recorded of you today is meant to stay shut even for the computers of twenty years from now, if "
       "either of the two kinds holds.",
       {kGuide, kFactored, kSp800, kFips, kXwing}},
      {"harvest",
       "Record now, read later",
       "Somebody records all traffic for a year and then gets hold of the key. What opens?",
       "In 2014 a phone had one private key for as long as it lived. Every message that was ever sent to it opens "
       "with that key.",
       "In Cairn each message has a key of its own, which is deleted when the message has been read, and every "
       "change of a group makes new ones. The lab steals a device whole and tries the recording with all that is on "
       "it. What was still on its way does open.",
       "Whoever steals your unlocked phone reads what the phone shows you, and what is just arriving: no messenger "
       "can prevent that. What the phone no longer keeps, he cannot get back from a recording.",
       {kGuide, kMls}},
      {"oracle",
       "A phone that answers by itself",
       "Alter an encrypted message a little, send it, and watch whether the phone fetches the photo that belongs to "
       "it. Can that reveal the key?",
       "The cipher of 2014 had no seal over the content: turn a bit of what is encrypted, and the same bit of the "
       "text turns. The signature did not help, because anybody may take it off and put their own. And the text was "
       "compressed, with a checksum that changes in a way that can be computed. So the attacker guesses one digit of "
       "the photo's key, alters it, corrects the checksum, signs, sends. If the guess was right, the phone finds "
       "everything in order and fetches the photo. Some thousand questions later the key is known, and the photo "
       "open.",
       "Cairn's envelopes have a seal, made with the message's secret key: one turned bit and all of it is refused, "
       "unread. And the signature covers who sends, to which group, and when in its history.",
       "Nobody can use your phone as a machine that answers questions about your messages.",
       {kGarman}},
  };
  return all;
}

const std::vector<Story>& traffic_stories() {
  static const std::vector<Story> all = {
      {"forge-2016",
       "Forty bits of repair",
       "The repair of 2016 put a check of 40 bits into each message. How far does that carry?",
       "The key of a message was now made from the message: 40 bits of it must fit the text and the two names. A "
       "forgery is then accepted once in 2^40 tries, about a million million. Whoever guesses the text can turn it "
       "into another one, and a phone that accepts it confirms the guess. The lab does this with a shorter check, "
       "and says what 40 bits would cost. It is no attack for every day; it is a margin that nobody would choose "
       "today.",
       "In Cairn the lab hands bob's phone a message whose whole text the attacker has guessed, altered into another "
       "text, at every place where it can stand. The check has 128 bits and depends on a secret key, and a signature "
       "stands behind it.",
       "Guessing what you wrote does not help anybody to change it.",
       {kBellare, kGarman}},
      {"replay",
       "Once more",
       "Deliver an old message again, to somebody else, or under another name. What is shown?",
       "The signature of 2014 covered the encrypted text and nothing else: no sender, no recipient, no time. The "
       "same bytes were good for ever, and after a change of signature also as somebody else's.",
       "In Cairn the key of a message is deleted when it has been read, so the same bytes cannot be read twice; and "
       "in another conversation, or on another person's phone, there never was such a key.",
       "What your phone shows was said once, to you, by whom it says.",
       {kQuarkslab, kBellare, kMls}},
      {"metadata",
       "What the envelope tells",
       "Nobody opens anything. What do sizes and times tell?",
       "A receipt, a short text, a long one, a photo: in 2014 the size alone told most of them apart, and sender, "
       "recipient and time stood beside it for the server to read.",
       "Cairn fills messages up to fixed steps of size, so that short texts look alike. It does not hide which "
       "mailbox gets an envelope and when, whether it is a message or a change of the group, nor the order of "
       "magnitude of a long text. This row measures; it does not claim that nothing is left.",
       "Your server cannot read what you write, but it can see with whom and when you write. If that alone is "
       "dangerous for you, choose whose server you use with care, and do not rely on Cairn to hide it.",
       {kCoull, kGuide, kPadme}},
  };
  return all;
}

}  // namespace

Story story(const std::string& id) {
  for (const auto* stories : {&directory_stories(), &log_stories(), &backup_stories(), &storage_stories(),
                              &cipher_stories(), &traffic_stories()}) {
    for (const Story& one : *stories) {
      if (one.id == id) return one;
    }
  }
  CHECK(false);
}

}  // namespace cairn::lab
