CREATE TABLE IF NOT EXISTS items (
    id bigserial PRIMARY KEY,
    name text NOT NULL,
    price integer NOT NULL CHECK (price > 0)
);
