"""Words of health care, ours: generic names (INN), shares rounded from public counts."""

from __future__ import annotations

COMMON_ICD10 = {
    "I10": 10, "E78.5": 8, "E11.9": 7, "Z00.00": 7, "F41.1": 5, "J06.9": 5, "M54.50": 5, "K21.9": 5,
    "F32.A": 4, "N39.0": 3, "E03.9": 4, "J45.909": 3, "R05.9": 2, "M25.561": 2, "R51.9": 2,
    "G47.33": 2, "E66.9": 3, "I25.10": 3, "N18.30": 2, "J44.9": 2, "D64.9": 2, "R07.9": 2,
    "Z23": 4, "L30.9": 1, "H52.4": 2, "I48.91": 2, "E55.9": 2, "K59.00": 1, "M17.11": 1, "B34.9": 1,
}  # fmt: skip
BLOOD = {
    "O+": 0.374, "A+": 0.357, "B+": 0.085, "O-": 0.066, "A-": 0.063, "AB+": 0.034, "B-": 0.015,
    "AB-": 0.006,
}  # fmt: skip
SUBSTANCES = (
    "acetaminophen", "albuterol", "allopurinol", "alprazolam", "amlodipine", "amoxicillin",
    "apixaban", "aripiprazole", "aspirin", "atenolol", "atorvastatin", "azithromycin",
    "benazepril", "bupropion", "buspirone", "carvedilol", "cefuroxime", "cephalexin", "cetirizine",
    "ciprofloxacin", "citalopram", "clonazepam", "clonidine", "clopidogrel", "cyclobenzaprine",
    "diclofenac", "donepezil", "doxycycline", "duloxetine", "empagliflozin", "enalapril",
    "escitalopram", "estradiol", "famotidine", "finasteride", "fluconazole", "fluoxetine",
    "furosemide", "gabapentin", "glipizide", "hydrochlorothiazide", "hydroxychloroquine",
    "ibuprofen", "insulin glargine", "lamotrigine", "levetiracetam", "levothyroxine", "lisinopril",
    "loratadine", "losartan", "meloxicam", "metformin", "methotrexate", "methylphenidate",
    "metoprolol", "mirtazapine", "montelukast", "naproxen", "omeprazole", "ondansetron",
    "oxybutynin", "pantoprazole", "paroxetine", "pravastatin", "prednisone", "propranolol",
    "quetiapine", "rivaroxaban", "ropinirole", "rosuvastatin", "semaglutide", "sertraline",
    "simvastatin", "sitagliptin", "spironolactone", "sumatriptan", "tamsulosin", "topiramate",
    "tramadol", "trazodone", "valsartan", "venlafaxine", "warfarin", "zolpidem",
)  # fmt: skip
SPECIALTIES = {
    "Family Medicine": 0.16, "Internal Medicine": 0.16, "Pediatrics": 0.09, "Cardiology": 0.07,
    "Emergency Medicine": 0.07, "Psychiatry": 0.07, "Obstetrics and Gynecology": 0.06,
    "Anesthesiology": 0.06, "Radiology": 0.05, "General Surgery": 0.05, "Orthopedics": 0.04,
    "Neurology": 0.03, "Dermatology": 0.03, "Oncology": 0.03, "Ophthalmology": 0.03,
}  # fmt: skip
