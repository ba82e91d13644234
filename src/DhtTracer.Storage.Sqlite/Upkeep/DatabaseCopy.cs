using System.Globalization;
using Dapper;
using DhtTracer.Storage.Upkeep;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Upkeep;

/// <summary>
/// Copies the database while others use it. <c>VACUUM INTO</c> reads one state of the database, however long it takes. SQLite's backup
/// interface would start again with each commit of another process.
/// </summary>
internal static class DatabaseCopy
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Writes the copy beside its final name, checks it, and only then gives it the name.</summary>
    /// <exception cref="DatabaseException">The file exists, cannot be written, or the copy is damaged.</exception>
    public static async Task<long> WriteAsync(
        SqliteDatabase database,
        string file,
        IProgress<UpkeepProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        if (Path.Exists(file))
        {
            throw new DatabaseException(DatabaseProblem.AccessDenied, $"{file} exists already. Choose another name, or move it away.");
        }

        var partial = file + ".partial";
        try
        {
            CreateForOwner(partial);
            var copying = database.RunAloneAsync(
                connection => connection.Execute("VACUUM INTO @partial", new { partial }),
                cancellationToken
            );
            var expected = database.FileBytes();
            while (await Task.WhenAny(copying, Task.Delay(ReportInterval, CancellationToken.None)) != copying)
            {
                progress?.Report(new UpkeepProgress("Copying", new FileInfo(partial).Length, expected));
            }

            await copying;
            progress?.Report(new UpkeepProgress("Checking", 0, 0));
            await Task.Run(() => Check(partial), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Run(() => Flush(partial), cancellationToken);
            File.Move(partial, file, overwrite: false);
            return new FileInfo(file).Length;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseException(DatabaseProblem.AccessDenied, $"{file} cannot be written: {error.Message}", error);
        }
        finally
        {
            if (File.Exists(partial))
            {
                File.Delete(partial);
            }
        }
    }

    // Traces show what somebody looked for, so only the owner may read the copy.
    private static void CreateForOwner(string file)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (new FileStream(file, options)) { }
    }

    // SQLite does not wait for the disk when it writes a copy.
    private static void Flush(string file)
    {
        using var written = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        written.Flush(flushToDisk: true);
    }

    private static void Check(string file)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = file,
                Mode = SqliteOpenMode.ReadOnly,
                Pooling = false,
            }.ToString()
        );
        connection.Open();
        var problem = connection.ExecuteScalar<string>("PRAGMA quick_check(1)");
        if (problem != "ok")
        {
            throw new DatabaseException(
                DatabaseProblem.Corrupt,
                string.Create(CultureInfo.InvariantCulture, $"The copy is damaged ({problem}). Check the archive: dht-tracer check.")
            );
        }
    }
}
