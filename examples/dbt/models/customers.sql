SELECT * FROM genesis_generate('shop', 'customers', seed := {{ var('seed') }})
