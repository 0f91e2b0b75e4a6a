INSERT INTO items (id, name, price) VALUES (1, 'tea', 300), (2, 'coffee', 450) ON CONFLICT DO NOTHING;
SELECT setval('items_id_seq', (SELECT max(id) FROM items));
