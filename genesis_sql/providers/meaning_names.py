"""The words for what a column can hold: one list that the rules and the providers share."""

PERSON = (
    "first_name", "last_name", "full_name", "name_prefix", "gender", "birth_date", "age",
    "national_id", "username", "password_hash", "email", "phone", "job_title", "department",
    "marital_status", "nationality", "language",
)  # fmt: skip
ADDRESS = (
    "street_address", "address_line_2", "full_address", "city", "state", "state_code",
    "postal_code", "county", "country", "country_code", "latitude", "longitude", "time_zone",
)  # fmt: skip
COMPANY = ("company", "industry", "tax_id", "team")
PRODUCT = ("product_name", "product_category", "brand", "sku", "barcode", "price", "cost", "rating")
MONEY = (
    "amount", "total_amount", "balance", "salary", "discount", "tax", "percentage",
    "currency_code", "iban", "bic", "card_number", "card_type", "card_expiry", "cvv",
    "account_number", "routing_number",
)  # fmt: skip
INTERNET = (
    "url", "domain_name", "ip_address", "mac_address", "user_agent", "slug", "image_url",
    "file_name", "mime_type", "token", "uuid", "color",
)  # fmt: skip
TIME = (
    "created_at", "updated_at", "deleted_at", "event_time", "start_time", "end_time", "due_time",
    "date", "time_of_day", "year", "month", "duration",
)  # fmt: skip
HEALTH = (
    "icd10_code", "procedure_code", "npi", "medical_record_number", "member_id", "blood_type",
    "medication", "specialty",
)  # fmt: skip
TEXT = ("title", "sentence", "paragraph", "comment", "review", "label")
GENERAL = (
    "status", "category", "priority", "code", "flag", "quantity", "count", "score", "position",
    "version", "weight", "height", "width", "length", "temperature", "identifier",
    "sequence_number", "json", "isbn", "vin", "license_plate",
)  # fmt: skip

MEANINGS = (
    *PERSON, *ADDRESS, *COMPANY, *PRODUCT, *MONEY, *INTERNET, *TIME, *HEALTH, *TEXT, *GENERAL,
)  # fmt: skip
"""All of them; `label` is a short name of anything ('name' of a tag), `date` any other day."""
