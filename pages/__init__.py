"""The screens, one a file; streamlit lives here and in app.py only."""
