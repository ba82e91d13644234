namespace DhtTracer.Storage.Sqlite;

/// <summary>Keeps the files of a database for their owner: traces show what somebody looked for.</summary>
internal static class OwnFiles
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // SQLite gives the files beside a database the mode of the database. Those of earlier versions are made private, too.
    private static readonly string[] Suffixes = ["", "-wal", "-shm"];

    /// <summary>
    /// Creates the file if it is missing, and takes the rights of others away. Groups may write to the directory: orchestrators give
    /// volumes to a group of their own.
    /// </summary>
    /// <param name="path">The database file; its directory exists.</param>
    /// <exception cref="DatabaseException">Everyone may write to the directory, and so replace the database.</exception>
    /// <exception cref="IOException">The file cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be created.</exception>
    public static void Protect(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var directory = Path.GetDirectoryName(path)!;
        if ((File.GetUnixFileMode(directory) & UnixFileMode.OtherWrite) != UnixFileMode.None)
        {
            throw new DatabaseException(
                DatabaseProblem.AccessDenied,
                $"Everyone may write to {directory}, and so replace the database. Run: chmod o-w {directory}, or choose another "
                    + "data directory."
            );
        }

        if (!File.Exists(path))
        {
            using var created = new FileStream(
                path,
                new FileStreamOptions
                {
                    // Another process may create it at the same time; both then open the same file.
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.ReadWrite | FileShare.Delete,
                    UnixCreateMode = Owner,
                }
            );
        }

        foreach (var file in Suffixes.Select(suffix => path + suffix).Where(File.Exists))
        {
            try
            {
                if (File.GetUnixFileMode(file) != Owner)
                {
                    File.SetUnixFileMode(file, Owner);
                }
            }
            catch (Exception error) when (error is UnauthorizedAccessException or FileNotFoundException)
            {
                // Another user owns it, who shares it with a group; or the other process has just removed it.
            }
        }
    }
}
