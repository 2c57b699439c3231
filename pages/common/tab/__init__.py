"""What a browser tab holds, and its address bar."""
