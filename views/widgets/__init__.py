"""Elements that several pages share: header, controls, charts, tables and linked surfaces."""
