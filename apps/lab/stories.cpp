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
const char* const kMudPuddle = "M. Green, iCloud: Who holds the key?, April 2012";
const char* const kExperiment = "M. Green, A note on the iCloud experiment, blog.cryptographyengineering.com";
const char* const kArs =
    "Ars Technica, Can Apple read your iMessages? Ars deciphers \"end-to-end\" crypto claims, June 2013";
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
const char* const kBackup = "In Cairn's own source code: docs/spec/backup.md, what a backup rests on";
const char* const kRealm = "In Cairn's own source code: docs/spec/realm.md, what realms hold, and what they are worth";
const char* const kDirectory = "In Cairn's own source code: docs/spec/directory.md, the eight conditions of an answer";

const std::vector<Story>& directory_stories() {
  static const std::vector<Story> all = {
      {"false-key",
       "A false key in the middle",
       "Whoever runs the directory hands out a key of its own in the place of Bob's. Can it read and change what two "
       "people write?",
       "Before Alice's phone can lock a message for Bob it needs his public key, and asks one computer for it: the "
       "operator's directory. In 2014 the phone believed whatever came back. So the operator "
       "answers with a key of its own, opens the message with it, reads it, changes it, and locks it again with "
       "Bob's true key. It signs as Alice with another key of its own, which Bob's phone believes for the same "
       "reason. Both phones show a normal conversation.",
       "In Cairn the phone believes an answer only with proofs: Bob's own devices have signed for one another, and "
       "independent auditors have signed that everybody gets this same answer.",
       "How many of the auditors must sign, Alice's phone decides; in the lab it knows two auditors and two witnesses, "
       "and asks for both auditors and one witness. "
       "Which ones it knows stands in a list that its owner gives it with the name; the operator may propose one, and "
       "here the lab made it. The lab's server tells phones that have never heard of Bob seven such lies. Then, in a "
       "second part, all auditors are in league with it, and sign what it likes: the lab tells eight lies that a phone "
       "is meant to see through even so, by what it has seen before and by the rules that each answer must keep. One "
       "of the eight is told as if the auditors had to do without the operator, and so without the directory's own "
       "key.",
       "In the second part lies were chosen that a phone is meant to see through. With all auditors in league there "
       "are others that it cannot: \"Two people, two directories\" is about those.",
       "You need not trust whoever runs the server with your friends' keys. You do trust that at least one of the "
       "auditors whose signature your phone asks for is honest; \"Two people, two directories\" shows what happens if "
       "none is.",
       {kGuide, kQuarkslab, kDirectory}},
      {"ghost-device",
       "One device more",
       "The directory adds a single device to Bob's. Does anybody notice the silent copy?",
       "A message is encrypted once for each device of a person. If the directory lists one device more, Alice's "
       "phone makes one copy more: Bob still gets his, Alice sees nothing, and whoever holds the added device reads "
       "along. No cipher has to be broken. British officials have proposed just this; critics call it a ghost user.",
       "In Cairn a device is Bob's only if one of his devices, or the recovery key that he has on paper, has signed "
       "for it, unless his name allows a reset; here it does not.",
       "The lab's server lists one device more that nobody "
       "of Bob's has signed for; and one that Bob had, and "
       "has removed, as if it had let itself in again.",
       "",
       "A device that none of your friend's devices, nor his paper, has let in gets no copy of what you write, as far "
       "as this was tried, unless he allows a reset: then anybody may ask, and has the name if nobody calls it off in "
       "time. A name allows none unless its owner asks for it; a reset was not tried.",
       {kGuide, kGreen, kGhost, kDirectory}},
      {"silent-enrolment",
       "Adding a device and saying nothing",
       "The operator adds a device to a name and does not send the alert. What do the owner's devices show?",
       "In 2014 your phone told you when a device was added to your name, because the server told your phone. A "
       "server that wants to hide a device leaves the alert out.",
       "In Cairn each device reads its own name's signed history and compares.",
       "The lab tries three things. The operator alone adds a device. Then a thief who has one of Bob's two devices in "
       "hand lets another one in with it: a true key of Bob's has signed for that, so it cannot be refused. And then "
       "the server leaves the new device out of what it tells Bob's other phone.",
       "",
       "If somebody adds a device to your name, your other devices tell you when they next hear of the directory. If "
       "it was not you, remove that device, and the one that let it in: until then it gets what is written to you "
       "(here it was sent nothing). Whoever has only one device, and loses it to a "
       "thief, has no other that could tell him: that was not tried. Nor was a server that answers nothing for days.",
       {kGuide, kQuarkslab, kDirectory},
       2014,
       Outcome::evident},
  };
  return all;
}

const std::vector<Story>& log_stories() {
  static const std::vector<Story> all = {
      {"split-view",
       "Two people, two directories",
       "The operator shows Alice one directory and everybody else another. Can anybody find out?",
       "A lie that is told to one person alone is hard to find: everybody else sees the truth. In 2014 nothing "
       "compared what different phones were told.",
       "In Cairn the directory is one public list that only grows. A second version of it is refused unless it is "
       "signed by as many auditors as the phone asks for: here by both of the two that it knows. If all of them are in "
       "league with the operator, no check on a phone can refuse it at once. But messages carry what their sender was "
       "shown: one message between two who were shown different things, which the operator does not open and change, "
       "and Alice's phone holds two signatures that contradict each other. Anybody who is given them can verify that.",
       "The lab tries a second version that none of the auditors has signed, and one that all but one have. It puts a "
       "false history of Bob's into the list itself and asks honest auditors and witnesses to sign it, and a second "
       "list as long as the first. Then it lets all auditors be in league with the operator: the phones of this second "
       "part know two auditors and no witness, whose keys the lab gave to the lying server. Two who are shown "
       "different things then write to each other, one message that the operator does not open and change.",
       "In 2014 the operator puts a false key in and reads a message; in Cairn's half the two directories that all "
       "sign only differ.",
       "A lie that all of your auditors help with is not stopped at once. With a false key for Bob the operator can "
       "then read and change every message between the two of you, also those that would give him away, so it may "
       "last: it lasts until one message gets through that "
       "the operator has not opened and changed, between two who were told different things; from then on it can be "
       "proved to anybody.",
       {kDirectory, kTransparency},
       2014,
       Outcome::evident},
  };
  return all;
}

const std::vector<Story>& backup_stories() {
  static const std::vector<Story> all = {
      {"mud-puddle",
       "The mud puddle",
       "Drop your phone into a puddle, slip in it, and forget your password. If somebody at the provider can still "
       "bring your messages back, so can everybody who talks them into it.",
       "The backup of 2014 was encrypted, and its key lay beside it. The password only guarded the door: with the "
       "answers to two questions the attacker sets a new one, and months of messages appear on a phone that Alice "
       "has never seen. Her old private keys stay behind, bound to the old phone; the messages do not need them any "
       "more.",
       "This is a backup of way (a): Alice's paper alone opens it.",
       "In the lab the attacker holds all that the server stores and may change it. He asks for Alice's name with "
       "another paper, and with none; tries every key that he has, and all that lies beside the backup, with a program "
       "of his own; and lays her backup in the place of an accomplice's, who restores that. Then Alice, who has lost "
       "her phone, types what is on her paper into a new one. With --with-reset the lab goes on for some minutes: two "
       "others allow a reset of their names: anybody may ask, and has the name after three days in which nobody said "
       "no. The attacker asks for both. Bob says no, and the server keeps that back. Dora's phone is in the puddle, so "
       "nobody says no; once the attacker has her name, he asks for her messages with it, by every way that the "
       "program has and by one of his own.",
       "In 2014 the attacker is a stranger who answers two questions; in Cairn's half he is also the operator, who can "
       "do more.",
       "Keep the paper with the recovery key. Nobody else gets your name without your paper, your PIN or a phone of "
       "yours, as far as the lab tries it, unless you allow a reset: then anybody may ask, and has the name if nobody "
       "calls it off in time. Whether that opens what was written before is tried with --with-reset alone: see under "
       "Cairn whether this run did. Whoever loses all phones, the paper, and the PIN if there was one, has lost the "
       "messages: nobody at the server can help, and that is the price.",
       {kMudPuddle, kExperiment, kArs, kGuide, kBackup}},
      {"subpoena",
       "Hand over everything you store",
       "A court, or a thief, gets all that the provider has. What can be read?",
       "In 2014 the stored backup held the files, the keys of the files, and the key of those keys. Whoever has it "
       "reads the messages, without Alice and without her password.",
       "Cairn's server keeps messages and files as locked envelopes until they are fetched, and backups locked with "
       "keys that it does not have.",
       "The lab has Alice write three sentences, send a photo, and back up what she has, with a photo in it, and parts "
       "of the key at three realms. Then it takes every file of the server, of its witnesses and auditors, and of the "
       "realms, and searches them for the sentences, for pieces of the photo, and for names.",
       "",
       "As far as this search shows, your server can hand over what you wrote only locked, without the key. Who is in "
       "a conversation with whom it can hand over as it is; and of what still waits, when it was sent and about how "
       "large it is.",
       {kGuide, kGreen, kArs}},
      {"kept-copy",
       "The copy that was kept",
       "You delete your backup. The provider has kept a copy. Does it open later, when your key is stolen?",
       "Deleting is a promise of whoever stores. In 2014 the copy opens by itself, for its key is stored in it; "
       "nobody has to steal anything.",
       "This is a backup of way (b): it takes Alice's paper and the parts of two of three realms. When she deletes, "
       "the realms erase their parts and sign that they have.",
       "Alice deletes such a backup, of which the storage has kept a copy. The lab gives a thief that copy, her paper, "
       "all three realms' disks as they are now, and one realm's disk from before the deletion. It also looks whether "
       "the copy opens with the disks of two realms from before.",
       "",
       "If deleting is to be final, make your backups with realms, or with a PIN, which means realms: then whoever "
       "kept the copy also needs the old disks of two of them, or your printout of their part. The price: if two of "
       "the three realms vanish and there is no printout, the backup is gone. From a phone a deletion takes three "
       "days, in which every device of yours can call it off; with the paper it is done at once. Without realms, way "
       "(a), a copy that was kept opens for whoever gets the paper. And nothing is deleted from a phone that had it "
       "open.",
       {kGuide, kBackup, kRealm}},
  };
  return all;
}

const std::vector<Story>& storage_stories() {
  static const std::vector<Story> all = {
      {"escrow",
       "Few digits and a counter",
       "A code of a few digits protects what you have stored, and a machine counts the wrong tries. Who decides what "
       "the machine does?",
       "In 2014 there was a code that guarded passwords stored with the provider, not messages. It had four digits. "
       "Ten thousand codes are quickly tried by a computer; ten tries are far too "
       "few. So all safety lies in the counter, which allows ten, and the counter in the program of machines that the "
       "provider bought, programmed and runs. The lab assumes that he can put another program on them, one without a "
       "counter, and tries the codes.",
       "This is a backup of way (c), with a PIN of six digits, which three realms guard. Each counts wrong tries for "
       "itself, and stops at ten. Each guess uses up a try at two realms; so with three realms all is over after 3 x "
       "10 / 2 = 15. The realms tell Alice's phone of the guesses. Nothing is destroyed: on that phone she unlocks her "
       "PIN and goes on.",
       "The attacker in the lab guesses Alice's PIN as the operator of her server, who can ask the realms as often as "
       "he likes; and then he also gets one realm's whole disk. Afterwards the lab looks what Alice's phone tells her, "
       "and has her unlock her PIN on it.",
       "In 2014 the attacker runs all the machines that count, and the code guards passwords; in Cairn's half he has "
       "one of the three, and the PIN guards a backup of messages. With two of them he can find the PIN, and the "
       "lab tries that, too.",
       "A PIN of six digits is enough while at most one of your three realms is dishonest or robbed. Two of them "
       "together can try all PINs of six digits in hours, if they have many machines; so take realms that have nothing "
       "to do with each other, or a longer PIN. And to unlock a PIN takes a phone of yours, or the paper: whoever has "
       "only the PIN left can be locked out by anybody who may guess.",
       {kGuide, kVault, kRealm}},
      {"confirm-file",
       "Who has this file?",
       "Somebody has a known file and asks the provider which users store it. Is there an answer?",
       "Storage saves room if equal files are stored once. For that the key of each piece is made from the piece "
       "itself; so whoever has the file knows under which name its pieces are stored, and with that, who stores "
       "them. Nothing has to be opened.",
       "In Cairn a file is locked with a new key each time that it is sent, and a backup with keys that the server "
       "does not have: equal files do not look equal, and a file that is sent once more is another one to a backup.",
       "Bob sends the known file to two people, and another one as large; and he backs up what he has, with the known "
       "file in it. The lab looks in all that the server stores for pieces of the file, for its fingerprints, for what "
       "the system of 2014 would have stored, for two sealed files that are alike in any part, and at the sizes. Then "
       "it has somebody send Bob the file once more, and another one that is new to him, and looks by how much his "
       "backup grows each time.",
       "",
       "That you sent or got a certain file could not be looked up in what the server stores, by the ways that were "
       "tried, nor seen by how much your backup grew when the file was sent to you again; but about how large your "
       "files are can be seen. What a backup's growth tells of texts, which it stores once and compresses together, "
       "was not tried; Cairn's own description of backups says that it is not harmless. Where that is dangerous for "
       "you, back up to a storage that the other side does not see.",
       {kGuide, kLocked, kBackup}},
  };
  return all;
}

const std::vector<Story>& cipher_stories() {
  static const std::vector<Story> all = {
      {"weak-rsa",
       "A short RSA key",
       "The key of every message hangs on one large number (of 1280 bits, by a method called RSA). Can it be taken "
       "apart?",
       "The number is the product of two primes that only Bob's phone knows; whoever finds them has his private key. "
       "The lab does that with a number small enough for seconds, if there is a program here that can, and reads a "
       "message with what it finds. That is a weakened copy: nobody is known to have done 1280 bits; but the rules for "
       "American authorities have asked for 2048 since 2014.",
       "Cairn has no such number. It encrypts to two kinds of public keys together: X25519, the elliptic curve that "
       "most of the web uses, and ML-KEM-768, made to withstand quantum computers. Whoever wants to read must break "
       "both.",
       "The lab looks at every key that the server holds for others to encrypt to, and counts. It also looks whether "
       "Cairn's programs call RSA in the library of cryptography that they share with the lab.",
       "In 2014 a key is broken, a smaller one; in Cairn's half none is attacked.",
       "What is recorded of you today stays shut as long as one of the two kinds is not broken. Whether that is so, no "
       "lab can show.",
       {kGuide, kFactored, kSp800, kFips, kXwing},
       2014,
       Outcome::measured},
      {"harvest",
       "Record now, read later",
       "Somebody records all traffic for a year and then gets hold of the key. What opens?",
       "In 2014 a phone had one private key for as long as it lived. Every message that was ever sent to it opens "
       "with that key.",
       "In Cairn each message has a key of its own, which is deleted when the message has been read.",
       "The lab records four messages, lets Bob read them, steals all that is on his device, unlocked, and tries the "
       "recording with it.",
       "The recording of 2014 is of a year; that of Cairn is of four messages, and some seconds.",
       "The phone keeps the text of what was read; only the recording stays shut. A locked phone was not tried. So "
       "whoever steals your phone unlocked reads what it shows you, and what is just arriving.",
       {kGuide, kMls}},
      {"oracle",
       "A phone that answers by itself",
       "Alter an encrypted message a little, send it, and watch whether the phone fetches the photo that belongs to "
       "it. Can that reveal the key?",
       "The cipher of 2014 had no seal over the content: alter one place of what is encrypted, and the same place of "
       "the text is altered. The signature did not help, because anybody may take it off and put their own. And the "
       "text was compressed, with a checksum that changes in a way that can be computed. So Mallory guesses a digit of "
       "the photo's key, alters it, corrects the checksum as it must be if the guess is right, signs, and sends. If it "
       "was, Bob's phone finds everything in order and fetches the photo, which Mallory sees on the line to the "
       "storage. If it was not, the checksum is wrong, and the phone drops the message. Guess by guess the key is "
       "known, and the photo open.",
       "Cairn's envelopes have a seal, made with the message's secret key, and a signature that covers who sends and "
       "to which group.",
       "The lab alters one bit in each of sixteen messages, at sixteen places, and looks at what Bob's "
       "phone shows and what it sends.",
       "What is altered in Cairn's half are text messages, not photos. How long Bob's phone takes to drop one was not "
       "measured.",
       "Altered messages made the phone show nothing of them, and send no envelope. But whoever carries a message can "
       "destroy it: the true one is lost with the altered one. Bob's phone then shows a line that a message could not "
       "be read and that he should ask its sender to repeat it; Alice is not told.",
       {kGarman}},
  };
  return all;
}

const std::vector<Story>& traffic_stories() {
  static const std::vector<Story> all = {
      {"forge-2016",
       "Forty bits of repair",
       "In 2016 a check of 40 bits was put into each message, so that altered ones are dropped. Is that enough?",
       "Alice has sent Bob one of a few documents; which one, Mallory only guesses. She takes the encrypted message, "
       "and alters it so that, if her guess is right, the document's name turns into a link to her own site, from "
       "which a phone fetches by itself, as it fetches any document: Bob need not tap on anything. Most of the time "
       "Bob's phone finds that the check does not fit, and drops the message. But she sends it again and again, a "
       "little different each time, until one fits by chance. When Bob's phone fetches from the link, she knows: the "
       "guess was right. If nothing comes after many tries, she gives that guess up, and goes on to the next. With 40 "
       "bits a right guess takes about a million million tries, and giving a wrong one up some eight times as many; "
       "the lab does it with a shorter check. It is no attack for every day; it is a margin that nobody would choose "
       "today.",
       "In Cairn the check has 128 bits, and the sender's signature stands behind it.",
       "The lab's attacker knows the whole text, and alters it into another of the same length. He does not know at "
       "which of nine places the text begins, and sends one forgery for each.",
       "In 2016's half the forger tries until one fits. With 128 bits that cannot be awaited, so with nine forgeries "
       "it is only tried whether one passes at once.",
       "Guessing what you wrote did not help anybody to change it. The true message is lost with the forgery; Bob's "
       "phone shows a line that one could not be read, and Alice is not told.",
       {kBellare, kGarman},
       2016},
      {"replay",
       "Once more",
       "Deliver an old message again, to somebody else, or under another name. What is shown?",
       "The signature of 2014 covered the encrypted text and nothing else: no sender, no recipient, no time. The same "
       "envelope was good for ever, and after a change of signature also as somebody else's. To another phone it was "
       "of no use, for it was locked for Bob's. The repair of 2016 closed the rest; the lab tries all of it.",
       "In Cairn the key of a message is deleted when it has been read; and "
       "in another conversation, or on another person's phone, there never was such a key.",
       "The lab delivers one message twice more to Bob, once in Mallory's conversation with him, and once to Mallory.",
       "",
       "In these trials each message was shown once, only to whom it was meant for, under its sender's name.",
       {kQuarkslab, kBellare, kMls}},
      {"metadata",
       "What the envelope tells",
       "Nobody opens anything. What do sizes and times tell?",
       "A receipt, a short text, a long one, a photo: in 2014 the size alone told most of them apart, and sender, "
       "recipient and time stood beside it for the server to read. The lab guesses from the size alone, after it has "
       "seen some of each kind.",
       "Cairn fills messages up to fixed steps of size, so that short texts look alike. It does not hide from the "
       "server who is in a conversation with whom, when something is sent there, and about how large it is; nor "
       "whether it is a message or a change of the group.",
       "The lab measures what passes through the server: texts, photos, the receipts that a phone sends by itself, and "
       "the signal that somebody is writing. This measures; it does not claim that nothing is left.",
       "What both halves measure in the same way are texts alone: the same 24, of four kinds. Of receipts and photos "
       "Cairn's half has fewer than that of 2014, and the photo's own file, which passes beside its message, is not "
       "counted among the guesses: it tells itself.",
       "As far as the other attacks show, your server cannot read what you write; but it sees who is in a conversation "
       "with whom, when something is sent there, and about how large it is. Like every server it also sees the network "
       "addresses of those who connect, and "
       "whose keys they look up; that was not measured. If that is dangerous for you, choose whose server you use with "
       "care, and do not rely on Cairn to hide it.",
       {kCoull, kGuide, kPadme},
       2014,
       Outcome::measured},
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
