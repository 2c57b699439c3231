"""What comes in and goes out: uploads, models, exports, scripts."""
