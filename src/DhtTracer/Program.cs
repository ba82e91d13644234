return await DhtTracer.Cli.TracerCommandLine.RunAsync(args);
