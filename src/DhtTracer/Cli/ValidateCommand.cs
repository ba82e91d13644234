using System.CommandLine;
using System.IO.Compression;
using System.Text.Json;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.RequestTrace;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer validate FILE...</c>: whether files follow the format IPFS Request Trace.</summary>
internal static class ValidateCommand
{
    private const long MostBytes = 512L << 20;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE") { Description = "Files, or - for standard input.", Arity = ArgumentArity.OneOrMore };
        var json = CommonOptions.Json();
        var command = new Command(
            "validate",
            "Check files against the format IPFS Request Trace. Exit code 0 when all follow it, "
                + $"{ExitCode.NotValid} when one does not, 1 when one cannot be read."
        )
        {
            files,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        var valid = true;
                        foreach (var file in result.GetValue(files)!)
                        {
                            var problems = RequestTraceValidator.Check(await ReadAsync(file, cancellation));
                            valid &= problems.Count == 0;
                            await (
                                result.GetValue(json)
                                    ? result.InvocationConfiguration.Output.WriteLineAsync(Json(file, problems))
                                    : WriteAsync(file, problems, result.InvocationConfiguration)
                            );
                        }

                        return valid ? ExitCode.Success : ExitCode.NotValid;
                    }
                )
        );
        return command;
    }

    private static async Task WriteAsync(string file, IReadOnlyList<RequestTraceProblem> problems, InvocationConfiguration invocation)
    {
        if (problems.Count == 0)
        {
            await invocation.Output.WriteLineAsync($"{PlainText.Safe(file)}: valid {RequestTraceNames.Title} {RequestTraceNames.Version}");
            return;
        }

        foreach (var problem in problems)
        {
            await invocation.Output.WriteLineAsync($"{PlainText.Safe($"{file}: {problem}")}\n  {PlainText.Safe(problem.Remedy)}");
        }
    }

    private static string Json(string file, IReadOnlyList<RequestTraceProblem> problems) =>
        JsonSerializer.Serialize(
            new
            {
                file,
                valid = problems.Count == 0,
                problems = problems.Select(static problem => new
                {
                    pointer = problem.Pointer,
                    expected = problem.Expected,
                    found = problem.Found,
                    remedy = problem.Remedy,
                }),
            },
            Options
        );

    private static JsonSerializerOptions Options { get; } = new() { Encoder = QueryJson.Compact.Encoder };

    private static async Task<byte[]> ReadAsync(string file, CancellationToken cancellation)
    {
        try
        {
            await using var source = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            var bytes = await ReadAllAsync(source, cancellation);
            if (bytes is not [0x1F, 0x8B, ..])
            {
                return bytes;
            }

            await using var unpacked = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
            return await ReadAllAsync(unpacked, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new CommandFailedException($"{file} cannot be read: {error.Message}", cause: error);
        }
    }

    private static async Task<byte[]> ReadAllAsync(Stream source, CancellationToken cancellation)
    {
        using var all = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = await source.ReadAsync(buffer, cancellation)) > 0; )
        {
            if (all.Length + read > MostBytes)
            {
                throw new IOException($"it holds more than {MostBytes >> 20} MiB: split it");
            }

            await all.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }

        return all.ToArray();
    }
}
