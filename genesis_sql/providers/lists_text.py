"""Word lists of the grammar of texts. All ours; each list is one place in a sentence."""

from __future__ import annotations

TITLES = (
    ("Notes on", "A Guide to", "Inside", "Rethinking", "The Future of", "Understanding",
     "A Short History of", "Lessons from", "Beyond", "Planning for", "The Basics of", "Measuring"),
    ("Local", "Modern", "Small", "Digital", "Remote", "Sustainable", "Everyday", "Shared", "Quiet",
     "Regional", "Seasonal", "Open"),
    ("Markets", "Teams", "Cities", "Workflows", "Supply Chains", "Gardens", "Libraries",
     "Classrooms", "Kitchens", "Networks", "Archives", "Budgets", "Workshops", "Clinics"),
)  # fmt: skip
SENTENCE = (
    ("The team", "Our office", "A small group", "The new supplier", "The customer", "Every branch",
     "The night shift", "The project lead", "A neighbor", "The second crew", "The committee",
     "The local agent"),
    ("finished", "reviewed", "postponed", "approved", "started", "shared", "updated", "checked",
     "presented", "questioned", "prepared", "simplified"),
    ("the first draft", "the yearly plan", "the delivery schedule", "the open orders",
     "the safety rules", "the price list", "the final report", "the training material",
     "the shared calendar", "the repair log", "the budget", "the contract"),
    ("on time.", "last week.", "without delay.", "after a long talk.", "before the holidays.",
     "in two rounds.", "with some changes.", "for the third time.", "by Friday noon.",
     "at the main site.", "as agreed.", "in good order."),
)  # fmt: skip
REASON = (
    ("This helped", "It was meant", "That made it easier", "The change was made",
     "Everyone hoped", "It took some effort"),
    ("to save time", "to lower costs", "to keep the quality high", "to avoid mistakes",
     "to answer questions sooner", "to free up the storage room"),
    ("in the busy season.", "at both locations.", "for new colleagues.", "during the audit.",
     "across all regions.", "without extra staff."),
)  # fmt: skip
OUTLOOK = (
    ("A follow-up", "The next step", "Another meeting", "A short test", "The rollout",
     "A final check"),
    ("is planned", "will take place", "was announced", "is expected", "has been scheduled"),
    ("for next month.", "in early spring.", "after the summer.", "within ten days.",
     "once the parts arrive.", "at the end of the quarter."),
)  # fmt: skip
PRODUCT = (
    ("A reliable companion", "A practical choice", "Designed with care", "A favorite", "Made",
     "A simple answer", "Built to last and ready", "A thoughtful gift"),
    ("for every day", "for home and travel", "for small spaces", "for busy families",
     "for beginners and experts alike", "for the workplace", "for long weekends"),
    ("with a clean look.", "at a fair price.", "in a compact size.", "with attention to detail.",
     "that needs no instructions.", "in three colors."),
)  # fmt: skip
MAKE = (
    ("Sturdy materials", "Carefully chosen parts", "A soft finish", "A slim shape",
     "Recycled packaging", "Rounded edges"),
    ("make it easy", "help it", "allow it", "were chosen for it"),
    ("to carry.", "to clean.", "to store.", "to last for years.", "to fit anywhere."),
)  # fmt: skip
CARE = (
    ("Comes with", "Includes", "Ships with", "Backed by"),
    ("a two-year warranty.", "a short guide.", "all parts you need.", "free returns.",
     "a spare set of parts.", "friendly support."),
)  # fmt: skip
REMARK = (
    ("Called the customer,", "Checked the account,", "Sent a reminder,", "Spoke with the manager,",
     "Looked into the order,", "Received the documents,", "Tested it again,", "Left a message,"),
    ("no answer yet.", "everything is fine.", "waiting for a reply.", "one item is missing.",
     "will try again tomorrow.", "the address was wrong.", "payment is on its way.",
     "needs a second look."),
)  # fmt: skip
NEXT = (
    ("Please", "We should", "Next time", "If possible,"),
    ("confirm the date", "update the record", "call before noon", "ask for a receipt",
     "use the side entrance", "add a note"),
    ("soon.", "this week.", "when done.", "as usual."),
)  # fmt: skip
GOOD = (
    ("Great value,", "Really happy with this,", "Exactly what I needed,", "Better than expected,",
     "A solid choice,", "Love it,", "Very well made,", "Would buy it again,"),
    ("works as described", "looks even nicer in person", "arrived early", "easy to set up",
     "feels sturdy", "my family uses it every day", "fits perfectly", "does the job well"),
    ("and I recommend it.", "after two months of use.", "for a fair price.", "so far.",
     "and the service was friendly.", "right out of the box."),
)  # fmt: skip
FAIR = (
    ("It is okay,", "Decent product,", "Not bad,", "Average quality,", "Does its job,"),
    ("but the instructions are thin", "though delivery was slow", "but smaller than I thought",
     "although the color differs", "but a bit noisy", "though the lid is loose"),
    ("for this price.", "in my view.", "so I am in two minds.", "but usable."),
)  # fmt: skip
BAD = (
    ("Disappointed,", "Not worth the money,", "Would not buy again,", "Poor quality,",
     "Sadly returned it,"),
    ("it broke", "it stopped working", "a part was missing", "it never fit",
     "the material feels cheap", "it arrived damaged"),
    ("after one week.", "on the first day.", "and support did not answer.", "out of the box.",
     "after little use."),
)  # fmt: skip
SHORT = (
    ("quick", "small", "late", "new", "open", "last"),
    ("note", "check", "call", "fix", "task", "plan"),
)
LABEL_FRONT = (
    "Amber", "Basic", "Blue", "Bright", "Central", "Clear", "Coastal", "Daily", "Early", "East",
    "First", "Fresh", "Golden", "Green", "High", "Inner", "Little", "Lower", "Main", "New", "North",
    "Open", "Outer", "Prime", "Quick", "Quiet", "Red", "Royal", "Silver", "South", "Spring",
    "Sunny", "Upper", "West", "White", "Winter",
)  # fmt: skip
LABEL_BACK = (
    "Bay", "Bridge", "Brook", "Circle", "Corner", "Creek", "Field", "Forest", "Garden", "Gate",
    "Grove", "Harbor", "Hill", "House", "Island", "Lake", "Light", "Line", "Meadow", "Mill",
    "Orchard", "Park", "Path", "Peak", "Pine", "Point", "Ridge", "River", "Shore", "Station",
    "Stone", "Trail", "Valley", "View", "Village", "Yard",
)  # fmt: skip
CATEGORIES = {
    "General": 0.25, "Standard": 0.2, "Premium": 0.12, "Internal": 0.1, "External": 0.1,
    "Special": 0.08, "Seasonal": 0.08, "Other": 0.07,
}  # fmt: skip
