"""English."""

from omnifil_testkit.simulator.texts.language import Phrases, Texts
from omnifil_testkit.simulator.texts.unseen import ENGLISH_UNSEEN

_TOPICS = {
    "late": Phrases(
        ("Late delivery", "Parcel not here", "Where is my parcel?", "{product} still on its way?"),
        (
            "I have been waiting for my {product} since {day}, parcel {parcel} is still not here.",
            "Delivery to {city} was due {day} and nothing came. {numbered}",
            "Tracking for parcel {parcel} has not moved for a week. {numbered}",
            "Can you tell me where my {product} is? The courier does not answer.",
            "{numbered} Not delivered yet, although you promised 48 hours.",
        ),
        (
            "The driver never came to {city}, I'd like to know when the {product} gets here.",
            "Has your courier lost my package? No sign of the {product}.",
            "The tracking number has said “in transit” near {city} since {day}, is that normal?",
        ),
        (
            "Tracking now says “delayed”, depot {city}.",
            "Nobody rang on {day}, and I was at home.",
            "The address is right, it is the one in {city}.",
            "My neighbours have no package either.",
        ),
        (
            "Hello, the courier is looking for your parcel in the {city} depot.",
            "We have sent your {product} out again, please allow three days.",
            "Your parcel was found and leaves tonight.",
        ),
    ),
    "damaged": Phrases(
        ("Damaged item", "Arrived broken", "{product} damaged", "Broken on delivery"),
        (
            "My {product} arrived broken, {part} is in pieces.",
            "The box was crushed and {part} of the {product} is damaged. {numbered}",
            "Came on {day}: {product} damaged, packaging torn open. Pictures attached.",
            "{numbered} The {product} is chipped all over, I cannot use it.",
        ),
        (
            "When I unpacked it I saw that {part} was smashed, I need a replacement {product}.",
            "The {product} you sent is ruined, must have been dropped on the way.",
        ),
        (
            "Here are the pictures of the damage.",
            "It is {part} that took the hit.",
            "I kept the packaging as you asked.",
            "The driver noted that the box was open.",
        ),
        (
            "Could you send us a picture of the damage?",
            "We are sending a new {product}, please keep the packaging.",
            "The courier will pick up the broken one.",
        ),
    ),
    "missing": Phrases(
        ("Missing part", "Incomplete parcel", "Part missing for {product}"),
        (
            "In the box of the {product} there is no sign of {part}.",
            "{numbered} The parcel is incomplete: {part} is missing.",
            "I wanted to assemble the {product}, but {part} is not there.",
            "The manual mentions {part}, mine came without. It is for the {product}.",
        ),
        (
            "I can't use the {product} without {part}, which was not included.",
            "You forgot something in the package, {part} to be exact.",
        ),
        (
            "I checked the carton twice, nothing.",
            "On the list it is piece 14, {part}.",
            "The little bag was open, it may have fallen out.",
        ),
        (
            "We are posting {part} to you.",
            "Which piece number does the manual give?",
            "The part went out this morning.",
        ),
    ),
    "fault": Phrases(
        ("{product} broken down", "Technical problem", "Warranty", "It stopped working"),
        (
            "My {product} has a problem: {fault}. It is still under warranty.",
            "Since {day} {fault}. I have had the {product} for four months.",
            "{fault}, what should I do with this {product}? {numbered}",
            "The {product} broke down. I unplugged everything, {fault}.",
        ),
        (
            "I want to report a defect: {fault}. Is that covered?",
            "The {product} does not work properly any more, {fault} and it gets worse.",
        ),
        (
            "I did the reset, same thing, {fault}.",
            "The serial number is engraved underneath, {serial}.",
            "It happens mostly when it is warm.",
            "I have not touched the settings.",
        ),
        (
            "Have you tried a full reset?",
            "We take the {product} under warranty, here is a label for the workshop.",
            "Could you give us the serial number?",
        ),
    ),
    "refund": Phrases(
        ("Refund", "Still no refund", "Refund of {amount}"),
        (
            "I have been waiting for my refund of £{amount} since {day}.",
            "You were going to refund {amount} for the {product}, nothing on my account.",
            "{numbered} You have had my return for ten days, where are my {amount} pounds?",
            "My bank sees no transfer from you. {numbered}",
        ),
        (
            "I would like my money back, {amount}, as promised.",
            "No transfer so far for the item I sent back ({product}).",
        ),
        (
            "I checked my statement, no transfer.",
            "You have my bank details on file.",
            "It was paid by card, on {day}.",
            "The exact amount is {amount}.",
        ),
        (
            "Accounting sent the transfer of {amount} yesterday.",
            "A refund takes five working days once the return is in.",
            "Can you confirm the last digits of your account?",
        ),
    ),
    "return": Phrases(
        ("Return", "Sending an item back", "Returning {product}", "Return label"),
        (
            "I would like to send the {product} back, it is not for me. How does that work?",
            "{numbered} I withdraw from the purchase, please send a return label.",
            "The {colour} {product} does not suit my place at all, I want to return it.",
            "What is the address for returning the {product}?",
        ),
        (
            "I cannot print the slip for sending the {product} back.",
            "I changed my mind about my purchase, it is within the fourteen days.",
        ),
        (
            "It is in its original box, never used.",
            "I can drop it at the shop in {city}.",
            "The drop-off point does not accept your code.",
        ),
        (
            "Here is your return label, drop it off in {city}.",
            "Returns are free for fourteen days.",
            "Your return has reached us.",
        ),
    ),
    "invoice": Phrases(
        ("Invoice", "Invoice request", "Copy of invoice {invoice}", "Mistake on the invoice"),
        (
            "I need an invoice made out to my company for the {product}.",
            "Invoice {invoice} has the wrong address, can you correct it?",
            "{numbered} I never got the invoice and my accountant wants it.",
            "The VAT number is missing on invoice {invoice}.",
        ),
        (
            "My accountant wants a receipt over {amount} with VAT.",
            "Could you redo the paperwork, the billing address is wrong?",
        ),
        (
            "The correct address is in {city}.",
            "Our VAT number is GB{serial}.",
            "A PDF is enough.",
        ),
        (
            "Please find the copy of the invoice attached.",
            "Which company name should it bear?",
            "The corrected invoice is in your account.",
        ),
    ),
    "charge": Phrases(
        ("Charged twice", "Double payment", "Payment problem"),
        (
            "I was charged {amount} twice for the {product}.",
            "Two debits of {amount} on {day}, for a single order. {numbered}",
            "Payment failed on the site, yet {amount} has left my card.",
            "{numbered} What you took is not what the basket said: {amount}!",
        ),
        (
            "My credit card was debited double, {amount} each time.",
            "You collected two payments, my bank confirms it.",
        ),
        (
            "Here is a screenshot of my banking app.",
            "Both debits are of {day}, one minute apart.",
            "The card ends in {serial}.",
        ),
        (
            "One of the two is an authorisation that will disappear.",
            "Could you send a screenshot of your statement?",
            "The second debit is cancelled.",
        ),
    ),
    "account": Phrases(
        ("Cannot sign in", "Password", "My account is locked"),
        (
            "I cannot log in to my account any more, the password is refused.",
            "The link to reset my password never arrives.",
            "My account is locked after three tries, can you unlock it?",
            "The app keeps signing me out and the code is invalid.",
        ),
        (
            "I can't get into my customer area, unknown user it says.",
            "The verification code does not work, I am locked out.",
        ),
        (
            "I looked in spam, no link.",
            "It is the same on the phone and the computer.",
            "The message says “session expired”.",
        ),
        (
            "We have unlocked your account, please try again.",
            "A new reset link has just been sent.",
            "Clear the browser's cache and sign in again.",
        ),
    ),
    "exchange": Phrases(
        ("Exchange for another size", "Wrong colour", "Exchange {product}"),
        (
            "I got the {product} in {colour} although I picked another colour.",
            "I would like to swap the {product} for a larger model. {numbered}",
            "This is the wrong model: I have a {colour} {product}, a packing mistake.",
        ),
        (
            "You mixed up the item, the shade is wrong.",
            "Do you have one size up for an exchange?",
        ),
        (
            "I had chosen {colour}.",
            "The label on the box has another article number.",
            "One size up would do.",
        ),
        (
            "That size is available, we are preparing the exchange.",
            "Which colour had you chosen?",
            "The exchange went out this morning.",
        ),
    ),
    "change": Phrases(
        ("Change of delivery address", "Change my order", "Cancel my order"),
        (
            "I would like to change the delivery address, I am moving to {city}. {numbered}",
            "Can you cancel the {product}? I ordered it by mistake.",
            "{numbered} I put two instead of one, please change that.",
            "Could you add a {product} to my order before it ships?",
        ),
        (
            "Please do not deliver to the old address, we will be in {city}.",
            "I want to modify what is in my order before it leaves.",
        ),
        (
            "The new address is 12 Lime Street, {city}.",
            "One piece is enough.",
            "It has not shipped yet according to the site.",
        ),
        (
            "The address is changed: {city}.",
            "The order is cancelled, nothing will be charged.",
            "It is being packed already, we try to stop it.",
        ),
    ),
    "question": Phrases(
        ("Question before buying", "Availability of {product}", "Information"),
        (
            "Does the {product} come in {colour}?",
            "When will the {product} be back in stock?",
            "Can I see the {product} in your {city} store?",
            "What are the dimensions of the {product}, and do I assemble it myself?",
        ),
        (
            "I am thinking of buying a {product}, is it compatible with my old one?",
            "Do you have one on display in {city}?",
        ),
        (
            "It is a present, so {colour} if possible.",
            "And the guarantee is two years?",
            "I would come by on {day}.",
        ),
        (
            "It will be back in stock on {day}.",
            "Yes, there is one on display in {city}.",
            "The dimensions are on the product page.",
        ),
    ),
    "loyalty": Phrases(
        ("Promo code refused", "Loyalty points", "Voucher"),
        (
            "My promo code {code} is refused in the basket.",
            "I did not get my loyalty points for the {product}.",
            "The {amount} voucher does not apply, the site says it has expired.",
        ),
        (
            "The discount from your newsletter is not deducted.",
            "My points have vanished from my loyalty card since {day}.",
        ),
        (
            "The code is {code}, in capitals.",
            "The newsletter says valid until the end of the month.",
            "I had 340 points last week.",
        ),
        (
            "Code {code} is active again.",
            "Your points are back on your card.",
            "The discount does not apply to sale items.",
        ),
    ),
}

ENGLISH = Texts(
    topics=_TOPICS | ENGLISH_UNSEEN,
    greetings=("Hello,", "Hi,", "Hi there", "Dear team,", "Good morning,", "Hey", ""),
    endings=("Thanks in advance.", "Kind regards,", "Best,", "Have a nice day", "Thanks", "Cheers", ""),
    vague=(
        "any news?",
        "hello, still nothing",
        "So?",
        "following up",
        "Did you have a chance to look?",
        "Hi, where are we with this?",
        "I have not heard back",
        "Anybody there?",
        "???",
        "Any progress?",
    ),
    chasing=(
        "I am writing again because nobody answered about the {product}.",
        "Still no news on my request about the {product}.",
        "I wrote to you on {day} about the {product}, please reply.",
        "Third message! What is going on with my {product}?",
    ),
    thanks=("Thank you, perfect.", "Great, thanks!", "Received, many thanks.", "ok thanks", "All sorted, thank you."),
    moods=(
        "This is unacceptable.",
        "I am very disappointed.",
        "Honestly, what a mess...",
        "I am counting on you.",
        "No hurry.",
        "",
    ),
    yes=("Yes, here it is.", "Done.", "As requested.", "Yes."),
    numbered=(
        "Order {order}.",
        "My order no. {order}.",
        "It is order number {order}.",
        "Ref. {order}",
        "PO {order}.",
        "My number: {order}.",
        "It is about {order}.",
    ),
    subjects=("Question", "Urgent", "Complaint", "My order", "Help needed", "Request", ""),
    forwarded="---------- Forwarded message ----------",
    away=(
        "I am out of the office until {day} and will answer when I am back.",
        "Thank you for your message. Our office is closed, we are back on {day}.",
    ),
    pretexts=(
        "I am the same person, I only changed my address. Send me the details of case {number}.",
        "Please pay the refund of case {number} to this new account.",
        "It's me, {victim}. Can you tell me the delivery address of order {order} again?",
        "Change the delivery address of order {order}: pick-up point in {city}.",
    ),
)
